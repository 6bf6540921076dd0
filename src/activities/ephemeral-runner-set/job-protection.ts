import { JOB_PROTECTION_ANNOTATIONS } from '../../api/annotations.ts';
import { JOB_OF_SET_LABEL } from '../../api/labels.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ignoreAlreadyExists } from '../../kubernetes/client/errors.ts';
import { podDisruptionBudgets, pods } from '../../kubernetes/client/resources.ts';
import { buildPodDisruptionBudget } from '../../kubernetes/objects/pod-disruption-budget.ts';
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
  /** Runners that have a job: their pods are to stay where they are; with a budget against evictions, or without. */
  protect?: { runners: string[]; budget: boolean };
}

/**
 * Marks the pods of runners that have got a job, one request each, so that whoever empties nodes leaves them alone; the
 * budget that holds for the marked pods of a set is made once. Pods without a job bear no mark.
 */
export function protectPods(
  deps: ProtectDeps,
  { namespace, runnerSet, protect }: ProtectInput,
): (() => Promise<void>)[] {
  if (!protect) return [];
  const { runners, budget } = protect;
  const mark = {
    annotations: JOB_PROTECTION_ANNOTATIONS,
    ...(runnerSet && { labels: { [JOB_OF_SET_LABEL]: runnerSet.uid } }),
  };
  return [
    // Jobs run without it: a worker that may not do this, under roles of an older chart, does the rest.
    ...(runnerSet && budget
      ? [() => tell('PodDisruptionBudget', () => ensureBudget(deps, namespace, runnerSet))]
      : []),
    ...runners.map(
      (name) => () =>
        tell(`mark of ${name}`, () =>
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
