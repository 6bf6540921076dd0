import { SESSION_ID_ANNOTATION } from '../../api/annotations.ts';
import { READY_CONDITION, conditionsWith } from '../../api/conditions.ts';
import type { ResourceEvent } from '../../api/event.ts';
import { AUTOSCALING_LISTENER_FINALIZER } from '../../api/finalizers.ts';
import { API_VERSION } from '../../api/v1alpha1/group.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ignoreNotFound } from '../../kubernetes/client/errors.ts';
import { autoscalingListeners, events } from '../../kubernetes/client/resources.ts';
import { buildEvent } from '../../kubernetes/objects/event.ts';
import { judged } from '../failures.ts';
import type { ListenerKey } from './setup.ts';

/** The condition Ready of an AutoscalingListener, and the session it holds. */
export interface ListenerCondition {
  ready: boolean;
  reason: string;
  message: string;
  sessionId?: string;
}

export interface PublishListenerInput extends ListenerKey {
  uid: string;
  generation: number;
  condition?: ListenerCondition;
  addFinalizer?: true;
  happenings: ResourceEvent[];
}

/** Writes condition, session and finalizer of a listener, and Events. One that is gone needs none. */
export const publishListenerActivity =
  ({ kubernetes }: { kubernetes: KubernetesClient }) =>
  (input: PublishListenerInput): Promise<void> =>
    judged(() => publish(kubernetes, input));

async function publish(kubernetes: KubernetesClient, input: PublishListenerInput): Promise<void> {
  const { namespace, name, uid, generation, condition, addFinalizer, happenings } = input;
  const key = { namespace, name };
  const current = await ignoreNotFound(kubernetes.get(autoscalingListeners, key));
  if (current?.metadata.uid !== uid) return;
  const { finalizers = [], annotations = {}, resourceVersion } = current.metadata;
  const isNewSession = condition?.sessionId && annotations[SESSION_ID_ANNOTATION] !== condition.sessionId;
  const addsFinalizer = addFinalizer && !finalizers.includes(AUTOSCALING_LISTENER_FINALIZER);
  if (isNewSession || addsFinalizer) {
    const metadata = {
      ...(isNewSession && { annotations: { [SESSION_ID_ANNOTATION]: condition.sessionId } }),
      // Tied to the version that was read, so that no finalizer of somebody else's gets lost.
      ...(addsFinalizer && { finalizers: [...finalizers, AUTOSCALING_LISTENER_FINALIZER], resourceVersion }),
    };
    await ignoreNotFound(kubernetes.mergePatch(autoscalingListeners, key, { metadata }));
  }
  if (condition) {
    const { ready, reason, message } = condition;
    const told = { type: READY_CONDITION, status: ready ? 'True' : 'False', reason, message } as const;
    const conditions = conditionsWith(current.status?.conditions, [told], generation);
    const status = { status: { conditions } };
    await ignoreNotFound(kubernetes.mergePatch(autoscalingListeners, key, status, { subresource: 'status' }));
  }
  const regarding = { apiVersion: API_VERSION, kind: 'AutoscalingListener', ...key, uid };
  for (const happening of happenings)
    await ignoreNotFound(kubernetes.create(events, namespace, buildEvent({ regarding, ...happening })));
}
