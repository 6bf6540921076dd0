import type { ActivityOptions } from '@temporalio/workflow';
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  TimeoutFailure,
  isCancellation,
  proxyActivities,
  workflowInfo,
} from '@temporalio/workflow';
import type { ListenerActivities as Activities } from '../../activities/autoscaling-listener/index.ts';
import type { ListenInput } from '../../activities/autoscaling-listener/listen.ts';
import type { ListenProgress } from '../../activities/autoscaling-listener/message-loop.ts';
import type { ListenerKey } from '../../activities/autoscaling-listener/setup.ts';
import type { ObservedListener } from '../../messages/observations.ts';
import { listenerTaskQueueOf, listenersTaskQueueOf } from '../../messages/workflow-ids.ts';
import { stopFrom } from '../activity-failure.ts';
import { heartbeatTimeout, retry } from '../activity-options.ts';
import { reconciled } from '../metrics-sink.ts';
import { WakeTimer } from '../wake-timer.ts';
import type { Held, ListenerPlan } from './plan.ts';
import { conditionKey, podKey } from './plan.ts';
import type { ListenEnd } from './settle.ts';
import { settleListening, settlePod } from './settle.ts';
import type { ListenerState } from './state.ts';
import { listenerPhase } from './view.ts';
import { PhaseAttribute } from '../phase-attribute.ts';
import { mayTellAgain, nextPublicationAt } from '../policies/publication-pace.ts';

/**
 * A session whose worker is lost is handed on by Temporal itself, with the last heartbeat: it need not come by here. All
 * failures of the activity's own are final, and looked at here.
 */
const listenOptions = {
  startToCloseTimeout: '7d',
  heartbeatTimeout,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s' },
} as const satisfies ActivityOptions;

const short = { startToCloseTimeout: '60s', heartbeatTimeout, retry } as const satisfies ActivityOptions;

/** What must be done in the end, however long the cluster does not answer. */
const patient = {
  startToCloseTimeout: '10m',
  heartbeatTimeout,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' },
} as const satisfies ActivityOptions;

const { listen } = proxyActivities<Activities>(listenOptions);
const { publishListener, applyListenerPod, removeListenerPod } = proxyActivities<Activities>(short);
const { closeListener } = proxyActivities<Activities>(patient);

type Failed = { failed?: { reason: string; message: string } };

/** Carries plans out and takes in what comes of them. Decides nothing. */
export class Executor {
  listening: Held | undefined;
  stopping = false;
  publishing = false;
  /** Milliseconds since the epoch: no status is written before. */
  mayPublishAt = 0;
  applying = false;
  closing = false;
  /** Milliseconds since the epoch: no further try to close it before. */
  mayCloseAt = 0;
  hasNews = false;
  /** Publications in a row that failed. */
  private failures = 0;
  /** The same of closing. */
  private closings = 0;
  private session = new CancellationScope();
  private readonly alarm = new WakeTimer(() => (this.hasNews = true), 'until the next try');
  private readonly phase = new PhaseAttribute();
  private readonly key: ListenerKey;
  private readonly state: ListenerState;

  constructor(key: ListenerKey, state: ListenerState) {
    this.key = key;
    this.state = state;
  }

  get inFlight(): boolean {
    return this.listening !== undefined || this.publishing || this.applying || this.closing;
  }

  /** @param observedAt when the change that led to this plan was seen, in milliseconds */
  carryOut(plan: ListenerPlan, observedAt: number | undefined): void {
    this.hasNews = false;
    const { listener } = this.state;
    if (plan.listen === 'stop') {
      this.stopping = true;
      this.session.cancel();
    }
    if (listener) {
      if (plan.listen === 'start') void this.listen(listener);
      if (plan.pod) void this.changePod(plan.pod, listener);
      if (plan.publish) void this.publish(plan.publish, listener);
      if (plan.close) void this.close(listener);
    }
    this.phase.show(listenerPhase(this.state));
    if (plan.wakeAt !== undefined) this.alarm.setTo(plan.wakeAt);
    if (observedAt !== undefined) reconciled('autoscalinglistener', observedAt);
  }

  private async listen(listener: ObservedListener): Promise<void> {
    const { namespace, name } = this.key;
    const { progress, repairs } = this.state;
    this.listening = { listener, since: Date.now() };
    this.stopping = false;
    this.session = new CancellationScope();
    const input: ListenInput = {
      namespace,
      name,
      capacity: listener.capacity,
      ...(progress && { progress }),
    };
    const options = {
      ...listenOptions,
      taskQueue: taskQueueFor(listener, this.key),
      summary: summaryOf(listener),
    };
    const end = await endOf(() => this.session.run(() => listen.executeWithOptions(options, [input])));
    this.listening = undefined;
    this.stopping = false;
    this.hasNews = true;
    settleListening(this.state, end, { repairs, now: Date.now() });
  }

  private async changePod(change: 'apply' | 'remove', listener: ObservedListener): Promise<void> {
    const { repairs } = this.state;
    this.applying = true;
    const activity = change === 'apply' ? applyListenerPod : removeListenerPod;
    const failed = await failureOf(
      activity.executeWithOptions({ ...short, summary: `${change} the pod` }, [
        { ...this.key, uid: listener.uid },
      ]),
    );
    this.applying = false;
    this.hasNews = true;
    const end = { key: podKey(listener), ...failed };
    if (this.isStill(listener)) settlePod(this.state, end, { repairs, now: Date.now() });
  }

  private async publish(
    { condition, addFinalizer }: NonNullable<ListenerPlan['publish']>,
    listener: ObservedListener,
  ): Promise<void> {
    const { uid, generation } = listener;
    const { events } = this.state;
    this.publishing = true;
    this.state.events = [];
    const content = { ...(condition && { condition }), ...(addFinalizer && { addFinalizer }), events };
    const { failed } = await failureOf(publishListener({ ...this.key, uid, generation, ...content }));
    this.failures = failed ? this.failures + 1 : 0;
    if (failed) {
      if (mayTellAgain(this.failures)) this.state.events.unshift(...events);
      this.mayPublishAt = nextPublicationAt(Date.now(), this.failures);
    } else if (this.isStill(listener)) {
      if (condition) this.state.published = conditionKey(condition, generation);
      if (addFinalizer && this.state.listener) this.state.listener.hasFinalizer = true;
    }
    this.publishing = false;
    this.hasNews = true;
  }

  private async close(listener: ObservedListener): Promise<void> {
    this.closing = true;
    const { progress } = this.state;
    const { failed } = await failureOf(
      closeListener({ ...this.key, uid: listener.uid, ...(progress && { progress }) }),
    );
    this.closings = failed ? this.closings + 1 : 0;
    if (failed) this.mayCloseAt = nextPublicationAt(Date.now(), this.closings);
    else if (this.isStill(listener)) delete this.state.listener?.hasFinalizer;
    this.closing = false;
    this.hasNews = true;
  }

  /** Another one may have taken its name meanwhile: what was done for the first is not true of it. */
  private isStill({ uid }: ObservedListener): boolean {
    return this.state.listener?.uid === uid;
  }

  /** Ends the timer, because the workflow is about to continue as new. */
  drain(): void {
    this.alarm.stop();
  }
}

/** The cluster's name begins the workflow's id. */
function taskQueueFor({ mode }: ObservedListener, { namespace, name }: ListenerKey): string {
  const cluster = workflowInfo().workflowId.split('/')[0] ?? '';
  return mode === 'pod' ? listenerTaskQueueOf(cluster, namespace, name) : listenersTaskQueueOf(cluster);
}

const summaryOf = ({ scaleSetId, capacity }: ObservedListener): string =>
  `scale set ${scaleSetId}, capacity ${capacity}`;

/** How listening ended, whatever that is. */
async function endOf(activity: () => Promise<ListenProgress>): Promise<ListenEnd> {
  try {
    return { progress: await activity() };
  } catch (error) {
    if (isCancellation(error)) return { lost: true, progress: undefined };
    const cause = error instanceof ActivityFailure ? error.cause : error;
    if (cause instanceof TimeoutFailure) {
      return {
        lost: true,
        progress: (cause.lastHeartbeatDetails ?? undefined) as ListenProgress | undefined,
      };
    }
    const { reason, message } = stopFrom(cause);
    const [details] = cause instanceof ApplicationFailure ? (cause.details ?? []) : [];
    const progress = (details ?? undefined) as ListenProgress | undefined;
    return reason === 'WorkerStopping' ? { lost: true, progress } : { failed: { reason, message }, progress };
  }
}

async function failureOf(activity: Promise<unknown>): Promise<Failed> {
  try {
    await activity;
    return {};
  } catch (error) {
    return { failed: stopFrom(error) };
  }
}
