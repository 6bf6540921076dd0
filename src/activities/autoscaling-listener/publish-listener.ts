import { SESSION_ID_ANNOTATION } from '../../api/annotations.ts';
import type { DecidedCondition } from '../../api/conditions.ts';
import { READY_CONDITION, TEMPLATE_USED_CONDITION } from '../../api/conditions.ts';
import type { ResourceEvent } from '../../api/event.ts';
import { AUTOSCALING_LISTENER_FINALIZER } from '../../api/finalizers.ts';
import type { AutoscalingListener } from '../../api/v1alpha1/autoscaling-listener.ts';
import { API_VERSION } from '../../api/v1alpha1/group.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ignoreNotFound } from '../../kubernetes/client/errors.ts';
import { autoscalingListeners } from '../../kubernetes/client/resources.ts';
import { finalizersPatch } from '../../kubernetes/finalizers.ts';
import { writeStatus } from '../../kubernetes/write-status.ts';
import { judged } from '../failures.ts';
import { tellEvents, unlessRefused } from '../tell.ts';
import type { ListenerKey } from './setup.ts';

/** The condition Ready of an AutoscalingListener, what of its template is not used, and the session it holds. */
export interface ListenerCondition {
  ready: boolean;
  reason: string;
  message: string;
  unused?: { reason: string; message: string };
  sessionId?: string;
}

/** What to write on a listener; what is absent stays as it is. */
export interface PublishListenerInput extends ListenerKey {
  uid: string;
  generation: number;
  condition?: ListenerCondition;
  addFinalizer?: true;
  events: ResourceEvent[];
}

/** Writes condition, session and finalizer of a listener, and Events. One that is gone needs none. */
export const publishListenerActivity =
  ({ kubernetes }: { kubernetes: KubernetesClient }) =>
  (input: PublishListenerInput): Promise<void> =>
    judged(() => publish(kubernetes, input));

async function publish(kubernetes: KubernetesClient, input: PublishListenerInput): Promise<void> {
  const { namespace, name, uid, events } = input;
  const regarding = { apiVersion: API_VERSION, kind: 'AutoscalingListener', namespace, name, uid };
  const told = tellEvents(kubernetes, regarding, events);
  await Promise.all([writeListener(kubernetes, input), told]);
}

async function writeListener(kubernetes: KubernetesClient, input: PublishListenerInput): Promise<void> {
  const { namespace, name, uid, generation, condition, addFinalizer } = input;
  if (!condition && !addFinalizer) return;
  const current = await ignoreNotFound(kubernetes.get(autoscalingListeners, { namespace, name }));
  if (current?.metadata.uid !== uid) return;
  await writeMetadata(kubernetes, current, input);
  if (!condition) return;
  const { ready, reason, message, unused } = condition;
  const decided = { type: READY_CONDITION, status: ready ? 'True' : 'False', reason, message } as const;
  const target = { resource: autoscalingListeners, namespace, name, uid, known: current };
  const status = { conditions: [decided, templateCondition(unused)] };
  await unlessRefused({ what: 'status' }, () => writeStatus(kubernetes, target, { status, generation }));
}

const templateCondition = (unused: ListenerCondition['unused']): DecidedCondition =>
  unused
    ? { type: TEMPLATE_USED_CONDITION, status: 'False', ...unused }
    : {
        type: TEMPLATE_USED_CONDITION,
        status: 'True',
        reason: 'Used',
        message: 'The template is used as it is, if there is one.',
      };

/** The finalizer, and the session that it holds. */
async function writeMetadata(
  kubernetes: KubernetesClient,
  current: AutoscalingListener,
  { namespace, name, condition, addFinalizer }: PublishListenerInput,
): Promise<void> {
  const { annotations = {} } = current.metadata;
  const finalizers = [AUTOSCALING_LISTENER_FINALIZER];
  const finalizer = addFinalizer && finalizersPatch(current, { finalizers, present: true });
  const isNewSession = condition?.sessionId && annotations[SESSION_ID_ANNOTATION] !== condition.sessionId;
  if (!finalizer && !isNewSession) return;
  const metadata = {
    ...finalizer?.metadata,
    ...(isNewSession && { annotations: { [SESSION_ID_ANNOTATION]: condition.sessionId } }),
  };
  await ignoreNotFound(kubernetes.mergePatch(autoscalingListeners, { namespace, name }, { metadata }));
}
