import type { Crd } from '../api/crd.ts';
import { crdOf } from '../api/crd.ts';
import { upgradedSpec } from '../api/crd-upgrade.ts';
import { GROUP, KINDS, PLURALS } from '../api/v1alpha1/group.ts';
import type { KubernetesClient } from '../kubernetes/client/client.ts';
import { ignoreNotFound, isAlreadyExists, isConflict } from '../kubernetes/client/errors.ts';
import { customResourceDefinitions } from '../kubernetes/client/resources.ts';
import { isSame } from '../kubernetes/drift.ts';

/** What became of one CRD. */
export interface CrdUpdate {
  /** Its name: `ephemeralrunners.actions.github.com`. */
  crd: string;
  change: 'created' | 'updated' | 'unchanged';
}

type Client = Pick<KubernetesClient, 'get' | 'create' | 'mergePatch'>;

/** Somebody else may write the same CRD at the same time, such as the hook of another release. */
const TRIES = 5;

/**
 * Brings the CRDs of the cluster up to what this program knows, whoever installed them. Nothing is taken away: what only
 * the present ones have stays (`upgradedSpec`).
 *
 * @throws KubernetesError; Error for one that is being deleted
 */
export async function updateCrds(kubernetes: Client): Promise<CrdUpdate[]> {
  const updates: CrdUpdate[] = [];
  for (const kind of KINDS) {
    const crd = `${PLURALS[kind]}.${GROUP}`;
    updates.push({ crd, change: await update(kubernetes, crdOf(kind), TRIES) });
  }
  return updates;
}

async function update(kubernetes: Client, ours: Crd, tries: number): Promise<CrdUpdate['change']> {
  const { name } = ours.metadata;
  try {
    const present = await ignoreNotFound(kubernetes.get(customResourceDefinitions, { name }));
    if (!present) {
      await kubernetes.create(customResourceDefinitions, undefined, ours);
      return 'created';
    }
    const { deletionTimestamp, resourceVersion } = present.metadata;
    if (deletionTimestamp !== undefined) {
      throw new Error(
        `The CRD ${name} is being deleted, with all of its objects; wait until it is gone, and try again.`,
      );
    }
    const spec = upgradedSpec(present.spec, ours);
    if (isSame(spec, { names: present.spec.names, versions: present.spec.versions })) return 'unchanged';
    await kubernetes.mergePatch(customResourceDefinitions, { name }, { metadata: { resourceVersion }, spec });
    return 'updated';
  } catch (error) {
    if (tries > 1 && (isConflict(error) || isAlreadyExists(error)))
      return update(kubernetes, ours, tries - 1);
    throw error;
  }
}
