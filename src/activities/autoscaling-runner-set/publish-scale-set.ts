import type { DecidedCondition } from '../../api/conditions.ts';
import type { ResourceEvent } from '../../api/event.ts';
import { API_VERSION } from '../../api/v1alpha1/group.ts';
import type { AutoscalingRunnerSetPhase } from '../../api/v1alpha1/phases.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { autoscalingRunnerSets } from '../../kubernetes/client/resources.ts';
import { writeStatus } from '../../kubernetes/write-status.ts';
import { judged } from '../failures.ts';
import { tellEvents, unlessRefused } from '../tell.ts';
import type { ScaleSetTarget } from './read-scale-set.ts';

/** The status of an AutoscalingRunnerSet as it was decided: numbers of runners, phase and conditions. */
export interface AutoscalingRunnerSetStatusUpdate {
  currentRunners: number;
  pendingEphemeralRunners: number;
  runningEphemeralRunners: number;
  failedEphemeralRunners: number;
  phase: AutoscalingRunnerSetPhase;
  conditions: DecidedCondition[];
}

/** What to write on an AutoscalingRunnerSet; without a status, Events alone. */
export interface PublishScaleSetInput extends ScaleSetTarget {
  /** The generation that was judged. */
  generation: number;
  status?: AutoscalingRunnerSetStatusUpdate;
  events: ResourceEvent[];
}

/** Writes a scale set's status and Events. What is gone needs no status. */
export const publishScaleSetActivity =
  ({ kubernetes }: { kubernetes: KubernetesClient }) =>
  (input: PublishScaleSetInput): Promise<void> =>
    judged(async () => {
      const { namespace, name, uid, generation, status, events } = input;
      const target = { resource: autoscalingRunnerSets, namespace, name, uid };
      const regarding = { apiVersion: API_VERSION, kind: 'AutoscalingRunnerSet', namespace, name, uid };
      await Promise.all([
        status &&
          unlessRefused({ what: 'status' }, () => writeStatus(kubernetes, target, { status, generation })),
        tellEvents(kubernetes, regarding, events),
      ]);
    });
