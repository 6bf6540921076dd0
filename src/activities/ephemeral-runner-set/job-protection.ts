import { JOB_PROTECTION_ANNOTATIONS } from '../../api/annotations.ts';
import { JOB_OF_SET_LABEL } from '../../api/labels.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ignoreAlreadyExists } from '../../kubernetes/client/errors.ts';
import { podDisruptionBudgets, pods } from '../../kubernetes/client/resources.ts';
import { buildPodDisruptionBudget } from '../../kubernetes/objects/pod-disruption-budget.ts';
import type { JobProtection } from '../../messages/settings.ts';
import type { Cache } from '../cache.ts';
import { tell } from '../tell.ts';

/** The budgets that are known to exist, by the uid of their set. */
export type Budgets = Cache<true>;

/** What protecting pods needs; `budgets` remembers which sets have theirs. */
export interface ProtectDeps {
  kubernetes: KubernetesClient;
  budgets: Budgets;
}

/** Which pods have a job, and how they are protected. */
export interface ProtectInput {
  namespace: string;
  /** The EphemeralRunnerSet, if there is one. */
  runnerSet?: { name: string; uid: string };
  /** Runners that have a job: their pods are to stay where they are. */
  protect?: { runners: string[]; by: JobProtection };
}

/**
 * Marks the pods of runners that have got a job, one request each, so that whoever empties nodes leaves them alone; the
 * budget that holds for the marked pods of a set is made once. Pods without a job bear no mark.
 *
 * However it is set, the pod loses its owner with it: a deletion in the foreground (`--cascade=foreground`) would have
 * the garbage collector take the pod at once. Whoever retires the runner removes the pod by its name.
 */
export function protectPods(
  deps: ProtectDeps,
  { namespace, runnerSet, protect }: ProtectInput,
): (() => Promise<void>)[] {
  if (!protect) return [];
  const { runners, by } = protect;
  const mark = {
    ownerReferences: null,
    ...(by !== 'off' && {
      annotations: JOB_PROTECTION_ANNOTATIONS,
      ...(runnerSet && { labels: { [JOB_OF_SET_LABEL]: runnerSet.uid } }),
    }),
  };
  return [
    // Jobs run without it: a worker that may not do this, under roles of an older chart, does the rest.
    ...(runnerSet && by === 'budget'
      ? [() => tell({ what: 'PodDisruptionBudget' }, () => ensureBudget(deps, namespace, runnerSet))]
      : []),
    ...runners.map(
      (name) => () =>
        tell({ what: 'mark of a pod with a job' }, () =>
          deps.kubernetes.mergePatch(pods, { namespace, name }, { metadata: mark }),
        ),
    ),
  ];
}

const ensureBudget = (
  { kubernetes, budgets }: ProtectDeps,
  namespace: string,
  set: NonNullable<ProtectInput['runnerSet']>,
): Promise<true> =>
  budgets.get(set.uid, async () => {
    await ignoreAlreadyExists(
      kubernetes.create(podDisruptionBudgets, namespace, buildPodDisruptionBudget(set)),
    );
    return true;
  });
