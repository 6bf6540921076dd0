import type { OperatorService, WorkflowService } from '@temporalio/client';
import {
  clusterKey,
  namespaceKey,
  phaseKey,
  repositoryUrlKey,
  scaleSetKey,
} from '../messages/search-attributes.ts';
import { isNotFound, isNotAllowed, isAlreadyExists } from './temporal-errors.ts';

/** `IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD` of Temporal's API. */
const KEYWORD = 2;

const NAMES = [clusterKey, namespaceKey, scaleSetKey, repositoryUrlKey, phaseKey].map(({ name }) => name);

/** The two services of Temporal's frontend that know search attributes. */
export interface AttributeServices {
  operatorService: OperatorService;
  workflowService: WorkflowService;
}

/**
 * Registers the search attributes that are missing in the Temporal namespace.
 *
 * @returns the names of those that were missing
 * @throws Error with the commands for an operator, where this program is not allowed to, or where one is there with
 *   another type
 */
export async function registerSearchAttributes(
  services: AttributeServices,
  namespace: string,
): Promise<string[]> {
  const present = await attributesOf(services, namespace);
  const others = NAMES.filter((name) => (present.get(name) ?? KEYWORD) !== KEYWORD);
  if (others.length > 0) throw new Error(otherType(others, namespace));
  const missing = NAMES.filter((name) => !present.has(name));
  if (missing.length === 0) return missing;
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
  try {
    await services.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (cause) {
    if (isAlreadyExists(cause)) return [];
    if (isNotFound(cause)) throw cause;
    throw new Error(mustBeAdded(missing, namespace), { cause });
  }
  return missing;
}

/** Whether each of our search attributes can be used by now. */
export const areAttributesServed = async (
  services: AttributeServices,
  namespace: string,
): Promise<boolean> => {
  const present = await attributesOf(services, namespace);
  return NAMES.every((name) => present.has(name));
};

/**
 * Name and type of the search attributes of a namespace. Where only operators may list them, as in Temporal Cloud, its
 * description has their names, each beside a column that is called after its type, such as `Keyword01`.
 */
async function attributesOf(
  { operatorService, workflowService }: AttributeServices,
  namespace: string,
): Promise<Map<string, number>> {
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    return new Map(Object.entries(customAttributes));
  } catch (error) {
    if (!isNotAllowed(error)) throw error;
  }
  const { config } = await workflowService.describeNamespace({ namespace });
  const columns = Object.entries(config?.customSearchAttributeAliases ?? {});
  return new Map(columns.map(([column, name]) => [name, /^Keyword\d+$/.test(column) ? KEYWORD : 0]));
}

function otherType(names: readonly string[], namespace: string): string {
  const all = names.join(', ');
  return `Search attributes of Temporal's namespace ${namespace} have another type than Keyword: ${all}; rename or remove them, or use another namespace.`;
}

function mustBeAdded(names: readonly string[], namespace: string): string {
  const flags = names.map((name) => `--name ${name} --type Keyword`).join(' ');
  const cloudFlags = names.map((name) => `--search-attribute ${name}=Keyword`).join(' ');
  return (
    `Search attributes are missing and could not be added; run: temporal operator search-attribute create --namespace ${namespace} ${flags}` +
    ` (in Temporal Cloud: tcld namespace search-attributes add --namespace ${namespace} ${cloudFlags})`
  );
}
