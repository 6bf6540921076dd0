import { SESSION_ID_ANNOTATION } from '../../api/annotations.ts';
import type {
  AutoscalingListener,
  AutoscalingListenerSpec,
} from '../../api/v1alpha1/autoscaling-listener.ts';
import type { ScaleSetClient } from '../../github/scale-set-client.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { isNotFound } from '../../kubernetes/client/errors.ts';
import { autoscalingListeners } from '../../kubernetes/client/resources.ts';
import type { RunnerLimits } from './policies/desired-replicas.ts';
import { INT32_MAX } from '../../api/int32.ts';
import { SetupError } from '../failures.ts';
import type { GitHubAccessDeps } from '../github-access/connect.ts';
import { accessGitHub } from '../github-access/connect.ts';

/** Everything that a listener works with. Read anew for each session, so that what people change takes effect. */
export interface ListenerSetup {
  github: ScaleSetClient;
  scaleSetId: number;
  /** Whom a second listener is told about. */
  owner: string;
  /** Of the EphemeralRunnerSet that is scaled, and of its runners. */
  namespace: string;
  runnerSet: string;
  limits: RunnerLimits;
  /** Which metrics are published, with which labels. Absent: all, with their default labels. */
  metrics?: AutoscalingListenerSpec['metrics'];
  /** A session that was opened before. */
  sessionId?: string;
}

/** An AutoscalingListener. */
export interface ListenerKey {
  namespace: string;
  name: string;
}

/** @throws SetupError, KubernetesError */
export type ReadSetup = (key: ListenerKey, signal?: AbortSignal) => Promise<ListenerSetup>;

/** What reading a listener's setup from the cluster needs. */
export interface ListenerSetupDeps extends GitHubAccessDeps {
  kubernetes: KubernetesClient;
}

/** The setup of a listener that has no pod: from its resource, with the credentials that are in the cluster now. */
export const setupFromCluster =
  (deps: ListenerSetupDeps): ReadSetup =>
  async (key, signal) => {
    const { metadata, spec } = await readListener(deps, key, signal);
    const namespace = spec.autoscalingRunnerSetNamespace ?? key.namespace;
    const settings = settingsOf(spec);
    const sessionId = metadata.annotations?.[SESSION_ID_ANNOTATION];
    return {
      github: await accessGitHub(deps, namespace, accessOf(spec)),
      owner: key.name,
      namespace,
      ...settings,
      ...(spec.metrics && { metrics: spec.metrics }),
      ...(sessionId && { sessionId }),
    };
  };

async function readListener(
  { kubernetes }: ListenerSetupDeps,
  key: ListenerKey,
  signal: AbortSignal | undefined,
): Promise<AutoscalingListener> {
  try {
    return await kubernetes.get(autoscalingListeners, key, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new SetupError(
      'ListenerNotFound',
      `AutoscalingListener ${key.namespace}/${key.name} is gone.`,
      error,
    );
  }
}

/** How GitHub is reached for a listener. */
export const accessOf = (spec: AutoscalingListenerSpec): Parameters<typeof accessGitHub>[2] => ({
  githubConfigUrl: spec.githubConfigUrl ?? '',
  githubConfigSecret: spec.githubConfigSecret ?? '',
  ...(spec.githubServerTLS && { githubServerTLS: spec.githubServerTLS }),
  ...(spec.proxy && { proxy: spec.proxy }),
  ...(spec.vaultConfig && { vaultConfig: spec.vaultConfig }),
});

/** What is listened to and scaled. @throws SetupError InvalidListener that names the field */
export function settingsOf(
  spec: AutoscalingListenerSpec,
): Pick<ListenerSetup, 'scaleSetId' | 'runnerSet' | 'limits'> {
  const { runnerScaleSetId: scaleSetId = 0, ephemeralRunnerSetName: runnerSet = '' } = spec;
  const { minRunners = 0, maxRunners = INT32_MAX } = spec;
  if (scaleSetId <= 0) throw invalid('runnerScaleSetId', 'is missing: give the id of the scale set');
  if (!runnerSet)
    throw invalid('ephemeralRunnerSetName', 'is missing: say which EphemeralRunnerSet is scaled');
  if (minRunners > maxRunners)
    throw invalid('minRunners', `${minRunners} is greater than maxRunners, ${maxRunners}`);
  return { scaleSetId, runnerSet, limits: { minRunners, maxRunners } };
}

const invalid = (field: string, what: string): SetupError =>
  new SetupError('InvalidListener', `spec.${field}: ${what}.`);
