import type { Condition } from '../api/conditions.ts';
import { setCondition } from '../api/conditions.ts';

/** A condition as it was decided; since when it holds is added where it is written. */
export type DecidedCondition = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

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
      setCondition(conditions, { ...condition, lastTransitionTime, observedGeneration }),
    present ?? [],
  );
}
