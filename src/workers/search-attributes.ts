import type { OperatorService } from '@temporalio/client';
import {
  clusterKey,
  namespaceKey,
  phaseKey,
  repositoryUrlKey,
  scaleSetKey,
} from '../messages/search-attributes.ts';

/** `IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD` of Temporal's API. */
const KEYWORD = 2;

const KEYS = [clusterKey, namespaceKey, scaleSetKey, repositoryUrlKey, phaseKey];

/**
 * Registers the search attributes that are missing in the Temporal namespace.
 *
 * @throws Error with the commands for an operator, where this program is not allowed to
 */
export async function registerSearchAttributes(operator: OperatorService, namespace: string): Promise<void> {
  const { customAttributes } = await operator.listSearchAttributes({ namespace });
  const missing = KEYS.map(({ name }) => name).filter((name) => !(name in customAttributes));
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
  try {
    await operator.addSearchAttributes({ namespace, searchAttributes });
  } catch (cause) {
    const flags = missing.map((name) => `--name ${name} --type Keyword`).join(' ');
    const command = `temporal operator search-attribute create --namespace ${namespace} ${flags}`;
    throw new Error(`Search attributes are missing and could not be added; run: ${command}`, { cause });
  }
}
