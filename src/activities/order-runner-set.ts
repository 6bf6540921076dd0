import type { EphemeralRunnerSet } from '../api/ephemeral-runner-set.ts';
import { PAUSED_ANNOTATION, PAUSED_VALUE } from '../api/annotations.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { ephemeralRunnerSets } from '../kubernetes/resources.ts';
import { judged } from './judged.ts';

export interface ScaleRunnerSetInput {
  namespace: string;
  name: string;
  replicas: number;
}

export interface PauseRunnerSetInput {
  namespace: string;
  name: string;
  paused: boolean;
}

/** What people ask of a set is written into the cluster, where the one desired number is kept. */
export interface OrderActivities {
  /** Sets `spec.replicas`, exactly (patchID 0). */
  scaleRunnerSet(input: ScaleRunnerSetInput): Promise<{ replicas: number; previous: number }>;
  pauseRunnerSet(input: PauseRunnerSetInput): Promise<void>;
}

export const orderActivities = ({ kubernetes }: { kubernetes: KubernetesClient }): OrderActivities => ({
  scaleRunnerSet: ({ namespace, name, replicas }) =>
    judged(async () => {
      const key = { namespace, name };
      const before = await kubernetes.get(ephemeralRunnerSets, key);
      await kubernetes.mergePatch(ephemeralRunnerSets, key, { spec: { replicas, patchID: 0 } });
      return { replicas, previous: before.spec.replicas ?? 0 };
    }),
  pauseRunnerSet: ({ namespace, name, paused }) =>
    judged(async () => {
      const annotations = { [PAUSED_ANNOTATION]: paused ? PAUSED_VALUE : null };
      await kubernetes.mergePatch<EphemeralRunnerSet>(
        ephemeralRunnerSets,
        { namespace, name },
        { metadata: { annotations } },
      );
    }),
});
