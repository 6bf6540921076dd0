/** `status.conditions`: what is true of a resource, and since when (Kubernetes' metav1.Condition). */
import type { Static } from 'typebox';
import type { conditionSchema } from './schema/conditions.ts';
import { fitting, fittingReason } from './text-limits.ts';

/** The resource does what it is for: a runner is registered and its pod ready, a set has what it wants. */
export const READY_CONDITION = 'Ready';
/** Runners are wanted and cannot be created; the reason says who must act. */
export const CREATION_BLOCKED_CONDITION = 'CreationBlocked';
/** GitHub refuses this version of the runner; nothing is created until the template changes. */
const OUTDATED_CONDITION = 'Outdated';
/** The scale set is at GitHub as the spec asks for it; otherwise the reason says who must act. */
export const SCALE_SET_READY_CONDITION = 'ScaleSetReady';
/** GitHub did not keep all labels that were asked for: jobs that name them will wait for ever. */
export const LABELS_DIFFER_CONDITION = 'LabelsDiffer';
/** All of a listener's template is used; otherwise the message names what is not. */
export const TEMPLATE_USED_CONDITION = 'TemplateUsed';
/** A new template waits for the jobs that run. */
export const UPDATE_PENDING_CONDITION = 'UpdatePending';
/** A person stopped the creation of runners by annotation. */
export const PAUSED_CONDITION = 'Paused';

/** The reason of a condition: only another spec can help. */
export const INVALID_SPEC = 'InvalidSpec';
/** The reason of a condition: only another object under a shorter name can help. */
export const INVALID_NAME = 'InvalidName';

/** Its `reason` is one CamelCase word for programs, its `message` a sentence for people, its time RFC 3339. */
export type Condition = Static<typeof conditionSchema>;

/**
 * The list with this condition in it, in the place of the one of the same type, or at the end. `lastTransitionTime`
 * counts only when the status changed: otherwise the earlier one stays.
 */
export function setCondition(list: readonly Condition[] | undefined, condition: Condition): Condition[] {
  const present = list ?? [];
  const earlier = findCondition(present, condition.type);
  if (!earlier) return [...present, condition];
  const { lastTransitionTime } = earlier.status === condition.status ? earlier : condition;
  return present.map((each) => (each === earlier ? { ...condition, lastTransitionTime } : each));
}

/** The condition of this type, if the list has one. */
export const findCondition = (list: readonly Condition[] | undefined, type: string): Condition | undefined =>
  list?.find((condition) => condition.type === type);

/** True when the list says that this condition holds. */
export const isConditionTrue = (list: readonly Condition[] | undefined, type: string): boolean =>
  findCondition(list, type)?.status === 'True';

/** A condition as it was decided; since when it holds is added where it is written. */
export type DecidedCondition = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** Reason and message as the API server takes them: it refuses a whole status for one of them. */
export const wordsOfCondition = ({
  reason,
  message,
}: Pick<Condition, 'reason' | 'message'>): Pick<Condition, 'reason' | 'message'> => ({
  reason: fittingReason(reason),
  message: fitting(message, 'condition'),
});

/** Now, as Kubernetes writes times: whole seconds. */
export const now = (): string => new Date().toISOString().replace(/\.\d+Z$/, 'Z');

/** The conditions that stand in the cluster, brought up to date with what was decided about this generation. */
export function conditionsWith(
  present: Condition[] | undefined,
  decided: readonly DecidedCondition[],
  observedGeneration: number,
): Condition[] {
  const lastTransitionTime = now();
  return decided.reduce<Condition[]>(
    (conditions, condition) =>
      setCondition(conditions, {
        ...condition,
        ...wordsOfCondition(condition),
        lastTransitionTime,
        observedGeneration,
      }),
    present ?? [],
  );
}

/** @param message what it means for the resource, when GitHub refuses its runners for their version */
export const outdatedCondition = (isOutdated: boolean, message: string): DecidedCondition =>
  isOutdated
    ? { type: OUTDATED_CONDITION, status: 'True', reason: 'RunnerVersionDeprecated', message }
    : {
        type: OUTDATED_CONDITION,
        status: 'False',
        reason: 'Accepted',
        message: 'No runner was refused for its version.',
      };
