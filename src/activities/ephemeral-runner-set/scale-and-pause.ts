import { PAUSED_ANNOTATION, PAUSED_VALUE, PAUSED_WITH_OWNER_ANNOTATION } from '../../api/annotations.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { isNotFound } from '../../kubernetes/client/errors.ts';
import { autoscalingRunnerSets, ephemeralRunnerSets } from '../../kubernetes/client/resources.ts';
import { SetupError, judged } from '../failures.ts';

interface ScaleRunnerSetInput {
  namespace: string;
  name: string;
  replicas: number;
}

interface PauseInput {
  namespace: string;
  name: string;
  paused: boolean;
}

/** What people ask of a set is written into the cluster, where the one desired number is kept. */
export interface OrderActivities {
  /** Sets `spec.replicas`, exactly (patchID 0). */
  scaleRunnerSet(input: ScaleRunnerSetInput): Promise<{ replicas: number; previous: number }>;
  pauseRunnerSet(input: PauseInput): Promise<void>;
  /** Pauses an AutoscalingRunnerSet, or lets it go on; its EphemeralRunnerSet follows. */
  pauseScaleSet(input: PauseInput): Promise<void>;
}

/** The activities behind what people ask of a set: scale, pause, resume. */
export const orderActivities = ({ kubernetes }: { kubernetes: KubernetesClient }): OrderActivities => ({
  scaleRunnerSet: ({ namespace, name, replicas }) =>
    ordered(async () => {
      const key = { namespace, name };
      const before = await kubernetes.get(ephemeralRunnerSets, key);
      await kubernetes.mergePatch(ephemeralRunnerSets, key, { spec: { replicas, patchID: 0 } });
      return { replicas, previous: before.spec.replicas ?? 0 };
    }),
  pauseRunnerSet: ({ namespace, name, paused }) =>
    ordered(async () => {
      // An order of its own: it no longer is paused only because, and as long as, its AutoscalingRunnerSet is.
      const annotations = { ...pauseMark(paused), [PAUSED_WITH_OWNER_ANNOTATION]: null };
      await kubernetes.mergePatch(ephemeralRunnerSets, { namespace, name }, { metadata: { annotations } });
    }),
  pauseScaleSet: ({ namespace, name, paused }) =>
    ordered(async () => {
      const annotations = pauseMark(paused);
      await kubernetes.mergePatch(autoscalingRunnerSets, { namespace, name }, { metadata: { annotations } });
    }),
});

/** Carries out what a person waits for. What is gone does not come back by asking again. */
const ordered = <T>(work: () => Promise<T>): Promise<T> =>
  judged(() =>
    work().catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
      const { resource, namespace, name } = error.subject;
      throw new SetupError(
        'NotFound',
        `${namespace}/${name}: no such object among ${resource}; it is gone.`,
        error,
      );
    }),
  );

const pauseMark = (paused: boolean): Record<string, string | null> => ({
  [PAUSED_ANNOTATION]: paused ? PAUSED_VALUE : null,
});
