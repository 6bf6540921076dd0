import { setTimeout as sleep } from 'node:timers/promises';
import type { MessageSession, ScaleSetMessage } from '../../github/message-session.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ephemeralRunnerSets } from '../../kubernetes/client/resources.ts';
import type { Demand } from './policies/demand.ts';
import { isDoubtful, jobsWanted, whenQuiet, withMessage, withStatistics } from './policies/demand.ts';
import type { ReplicaOrder, Scaling } from './policies/desired-replicas.ts';
import { nextOrder, nextPatchSeq } from './policies/desired-replicas.ts';
import { recordStarts, resultsOf } from './job-status.ts';
import type { ListenerRecorder } from './metrics.ts';
import type { ListenerSetup } from './setup.ts';

/** All that the next listener needs to go on: the details of each heartbeat, and the result. */
export interface ListenProgress {
  scaleSetId: number;
  /** Absent while there is no session. */
  sessionId?: string;
  /** Of the last message acknowledged in this session; 0: none yet. */
  lastMessageId: number;
  /** Of the last message acted upon, which may come again if it could not be acknowledged. */
  handledMessageId: number;
  scaling: Scaling;
  demand: Demand;
}

/** What one run of the message loop works with: one session, from its first poll to its last. */
export interface MessageLoopParts {
  kubernetes: Pick<KubernetesClient, 'mergePatch'>;
  recorder: ListenerRecorder;
  setup: ListenerSetup;
  session: MessageSession;
  /** Kept up to date, step by step. */
  progress: ListenProgress;
  /** Announced with each poll. */
  capacity: number;
  /** Ends the polling; a message that has come is still acted upon. */
  signal: AbortSignal;
  /** Passes on how jobs ended, by the name of their runner, and the first order that no longer counts them. */
  onResults: (results: Record<string, string>, countedOut: number) => Promise<void>;
  onHandled: () => void;
  onPolled: () => void;
}

/**
 * Once the queue has been quiet for so long (milliseconds), the order is given anew. What ended just before the last
 * order came to the set's knowledge only after it, and would otherwise be replaced with the next message only, if one
 * comes; and the last runners of a burst go at once, not when the poll runs out.
 */
const LULLS_MS: readonly number[] = [1_000, 2_000, 7_000];

/** After those, an order that changes nothing is repeated this often (milliseconds). */
const REPEAT_MS = 5 * 60_000;

/**
 * Polls and acts: acquires jobs, gives the order for replicas, records starts and ends of jobs, and only then
 * acknowledges. Everything may be done twice: a message that was acted upon and could not be acknowledged comes again.
 */
export class MessageLoop {
  private readonly parts: MessageLoopParts;
  private lastOrder: { at: number; order: ReplicaOrder } | undefined;
  /** Since the last message. */
  private lulls = 0;

  constructor(parts: MessageLoopParts) {
    this.parts = parts;
  }

  /** Applies the statistics with which the session began. */
  async begin(): Promise<void> {
    const { session, progress, recorder, setup } = this.parts;
    const { statistics } = session.state();
    recorder.limits(setup.limits);
    if (statistics) recorder.statistics(statistics);
    progress.demand = withStatistics(progress.demand, statistics);
    await this.order();
  }

  /** Until the signal aborts or something fails. */
  async run(): Promise<never> {
    const { session, progress, capacity: maxCapacity, signal, onPolled } = this.parts;
    for (;;) {
      signal.throwIfAborted();
      const { lastMessageId } = progress;
      const poll = (): Promise<ScaleSetMessage | undefined> =>
        session.getMessage({ lastMessageId, maxCapacity, signal });
      const message = await this.withLulls(poll);
      onPolled();
      if (message) await this.handle(message);
      else if (this.isRepeatDue()) await this.orderWhenQuiet();
    }
  }

  private async handle(message: ScaleSetMessage): Promise<void> {
    const { session, progress, onHandled } = this.parts;
    if (message.messageId !== progress.handledMessageId) {
      await this.act(message);
      progress.handledMessageId = message.messageId;
    }
    await session.deleteMessage(message.messageId);
    progress.lastMessageId = message.messageId;
    onHandled();
  }

  private async act(message: ScaleSetMessage): Promise<void> {
    const { session, progress, recorder, kubernetes, setup } = this.parts;
    const { available, started, completed, statistics } = message;
    this.lulls = 0;
    if (available.length > 0)
      await session.acquireJobs(available.map(({ runnerRequestId }) => runnerRequestId));
    progress.demand = withMessage(progress.demand, message, Date.now());
    progress.scaling.dirty ||= started.length + completed.length > 0;
    const countedOut = nextPatchSeq(progress.scaling);
    const results = await Promise.allSettled([
      // First: whole runners wait for it.
      this.order(),
      recordStarts(kubernetes, setup.namespace, started),
      this.tellResults(completed, countedOut),
    ]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    if (statistics) recorder.statistics(statistics);
    for (const job of started) recorder.started(job);
    for (const job of completed) recorder.completed(job);
  }

  private async tellResults(completed: ScaleSetMessage['completed'], countedOut: number): Promise<void> {
    const results = resultsOf(completed);
    if (Object.keys(results).length > 0) await this.parts.onResults(results, countedOut);
  }

  private orderWhenQuiet(): Promise<void> {
    const { progress } = this.parts;
    progress.demand = whenQuiet(progress.demand, Date.now());
    return this.order();
  }

  private async order(): Promise<void> {
    const { kubernetes, progress, recorder, setup } = this.parts;
    const count = jobsWanted(progress.demand);
    if (count === undefined) return;
    const { order, scaling } = nextOrder(progress.scaling, setup.limits, count);
    const key = { namespace: setup.namespace, name: setup.runnerSet };
    await kubernetes.mergePatch(ephemeralRunnerSets, key, { spec: order });
    progress.scaling = scaling;
    this.lastOrder = { at: Date.now(), order };
    recorder.desired(order.replicas);
  }

  /** While the poll is held, the order is given anew at growing intervals, until it is exact. */
  private async withLulls<T>(poll: () => Promise<T>): Promise<T> {
    const lull = new AbortController();
    const settling = this.settle(lull.signal);
    try {
      return await poll();
    } finally {
      lull.abort();
      await settling;
    }
  }

  private async settle(signal: AbortSignal): Promise<void> {
    while (this.lulls < LULLS_MS.length && !this.isSettled()) {
      await sleep(LULLS_MS[this.lulls], undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      this.lulls += 1;
      // The next message, or the end of the poll, brings the next try.
      await this.orderWhenQuiet().catch(() => undefined);
    }
  }

  /** The set was told to have exactly the runners that are kept idle, and nothing else is known to be wanted. */
  private isSettled(): boolean {
    const { setup, progress } = this.parts;
    const { patchID, replicas } = this.lastOrder?.order ?? {};
    return patchID === 0 && replicas === setup.limits.minRunners && !isDoubtful(progress.demand);
  }

  private isRepeatDue(): boolean {
    return Date.now() - (this.lastOrder?.at ?? 0) >= REPEAT_MS;
  }
}
