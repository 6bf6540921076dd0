import type { DecidedCondition } from '../../api/conditions.ts';
import { conditionsWith } from '../../api/conditions.ts';
import type { ResourceEvent } from '../../api/event.ts';
import { API_VERSION } from '../../api/v1alpha1/group.ts';
import type { AutoscalingRunnerSetPhase } from '../../api/v1alpha1/phases.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ignoreNotFound } from '../../kubernetes/client/errors.ts';
import { autoscalingRunnerSets, events } from '../../kubernetes/client/resources.ts';
import { buildEvent } from '../../kubernetes/objects/event.ts';
import { judged } from '../failures.ts';
import type { ScaleSetTarget } from './read-scale-set.ts';
import { readScaleSet } from './read-scale-set.ts';

export interface ScaleSetStatusUpdate {
  currentRunners: number;
  pendingEphemeralRunners: number;
  runningEphemeralRunners: number;
  failedEphemeralRunners: number;
  phase: AutoscalingRunnerSetPhase;
  conditions: DecidedCondition[];
}

export interface PublishScaleSetInput extends ScaleSetTarget {
  /** The generation that was judged. */
  generation: number;
  status?: ScaleSetStatusUpdate;
  happenings: ResourceEvent[];
}

/** Writes a scale set's status and Events. What is gone needs no status. */
export const publishScaleSetActivity =
  ({ kubernetes }: { kubernetes: KubernetesClient }) =>
  (input: PublishScaleSetInput): Promise<void> =>
    judged(async () => {
      const { namespace, name, uid, status, happenings } = input;
      const regarding = { apiVersion: API_VERSION, kind: 'AutoscalingRunnerSet', namespace, name, uid };
      await Promise.all([
        status && publishStatus(kubernetes, input, status),
        ...happenings.map((happening) =>
          ignoreNotFound(kubernetes.create(events, namespace, buildEvent({ regarding, ...happening }))),
        ),
      ]);
    });

async function publishStatus(
  kubernetes: KubernetesClient,
  { generation, ...target }: PublishScaleSetInput,
  status: ScaleSetStatusUpdate,
): Promise<void> {
  const current = await readScaleSet(kubernetes, target);
  if (!current) return;
  const { namespace, name } = target;
  const patch = {
    status: {
      ...status,
      conditions: conditionsWith(current.status?.conditions, status.conditions, generation),
    },
  };
  await ignoreNotFound(
    kubernetes.mergePatch(autoscalingRunnerSets, { namespace, name }, patch, { subresource: 'status' }),
  );
}
