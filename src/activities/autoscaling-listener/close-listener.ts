import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { SESSION_ID_ANNOTATION } from '../../api/annotations.ts';
import { AUTOSCALING_LISTENER_FINALIZER } from '../../api/finalizers.ts';
import type { AutoscalingListener } from '../../api/v1alpha1/autoscaling-listener.ts';
import { API_VERSION } from '../../api/v1alpha1/group.ts';
import { isDecision } from '../../github/errors.ts';
import { resumeMessageSession } from '../../github/message-session.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ignoreNotFound } from '../../kubernetes/client/errors.ts';
import { autoscalingListeners } from '../../kubernetes/client/resources.ts';
import { setFinalizer } from '../../kubernetes/finalizers.ts';
import { judge, judged } from '../failures.ts';
import type { GitHubAccessDeps } from '../github-access/connect.ts';
import { accessGitHub } from '../github-access/connect.ts';
import { heartbeatUntilDone } from '../heartbeat.ts';
import { tellEvents } from '../tell.ts';
import type { ListenProgress } from './message-loop.ts';
import type { ListenerMetrics } from './metrics.ts';
import { removePodObjects } from './pod.ts';
import type { ListenerKey } from './setup.ts';
import { accessOf } from './setup.ts';

/** Which listener is going, and the session it may still hold. */
export interface CloseListenerInput extends ListenerKey {
  /** Another one of the same name is left alone. */
  uid: string;
  /** Where its last session left off. */
  progress?: ListenProgress;
}

/** What closing needs: the cluster, GitHub's credentials, and the listener's metrics, which end with it. */
export interface CloseListenerDeps extends GitHubAccessDeps {
  kubernetes: KubernetesClient;
  listenerMetrics: ListenerMetrics;
}

/**
 * For so long (milliseconds from the deletion) is GitHub asked to close the session. One that stays open ends by itself
 * some minutes after its last poll, so nothing is held up for longer.
 */
const SESSION_DEADLINE_MS = 20_000;

const AGAIN_MS = 2_000;

/** Ends a listener that is being deleted: its session, the objects of its pod, and its finalizer, in this order. */
export const closeListenerActivity =
  (deps: CloseListenerDeps) =>
  async (input: CloseListenerInput): Promise<void> => {
    const context = Context.current();
    const stopBeating = heartbeatUntilDone(context, () => undefined);
    await judged(() => close(deps, input, context.cancellationSignal)).finally(stopBeating);
  };

async function close(deps: CloseListenerDeps, input: CloseListenerInput, signal: AbortSignal): Promise<void> {
  const { namespace, name, uid } = input;
  const listener = await ignoreNotFound(deps.kubernetes.get(autoscalingListeners, { namespace, name }));
  if (listener?.metadata.uid !== uid) return;
  await closeSession(deps, listener, { input, signal });
  await removePodObjects(deps.kubernetes, listener, signal);
  const change = { finalizer: AUTOSCALING_LISTENER_FINALIZER, present: false };
  await setFinalizer(deps.kubernetes, { resource: autoscalingListeners, namespace, name, uid }, change);
  deps.listenerMetrics.forget({ namespace, name });
}

interface Closing {
  input: CloseListenerInput;
  signal: AbortSignal;
}

async function closeSession(
  deps: CloseListenerDeps,
  listener: AutoscalingListener,
  { input: { progress }, signal }: Closing,
): Promise<void> {
  const { metadata, spec } = listener;
  const sessionId = progress?.sessionId ?? metadata.annotations?.[SESSION_ID_ANNOTATION];
  const scaleSetId = progress?.scaleSetId ?? spec.runnerScaleSetId ?? 0;
  if (!sessionId || scaleSetId <= 0) return;
  const deadline = Date.now() + SESSION_DEADLINE_MS;
  for (;;) {
    try {
      const namespace = spec.autoscalingRunnerSetNamespace ?? metadata.namespace ?? '';
      const github = await accessGitHub(deps, namespace, accessOf(spec));
      const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, deadline - Date.now()))]);
      const session = await resumeMessageSession(github, { scaleSetId, sessionId, signal: limit });
      await session.close({ signal: limit });
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (isDecision(error, 'session-expired') || isDecision(error, 'gone')) return;
      const mayRetry = judge(error).decision === 'retry' && Date.now() + AGAIN_MS < deadline;
      if (!mayRetry) return tellOfOpenSession(deps.kubernetes, listener, error);
    }
    await sleep(AGAIN_MS, undefined, { signal });
  }
}

async function tellOfOpenSession(
  kubernetes: KubernetesClient,
  { metadata }: AutoscalingListener,
  error: unknown,
): Promise<void> {
  const { namespace = '', name = '', uid } = metadata;
  const regarding = { apiVersion: API_VERSION, kind: 'AutoscalingListener', namespace, name, uid };
  const why = error instanceof Error ? error.message : String(error);
  const message = `The message session was left open at GitHub, where it ends by itself: ${why}`;
  const event = { type: 'Warning', reason: 'SessionLeftOpen', message } as const;
  await tellEvents(kubernetes, regarding, [event]).catch(() => undefined);
}
