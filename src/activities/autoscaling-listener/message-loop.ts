import { setTimeout as sleep } from 'node:timers/promises';
import { GitHubError, isDecision } from '../../github/errors.ts';
import type { MessageSession, ScaleSetMessage } from '../../github/message-session.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ephemeralRunnerSets } from '../../kubernetes/client/resources.ts';
import type { Int64 } from '../../github/transport/json.ts';
import type { Demand } from './policies/demand.ts';
import { isDoubtful, jobsWanted, whenQuiet, withMessage, withStatistics } from './policies/demand.ts';
import type { ReplicaOrder, Scaling } from './policies/desired-replicas.ts';
import { nextOrder, nextPatchSeq } from './policies/desired-replicas.ts';
import { recordStart, resultsOf } from './job-status.ts';
import type { ListenerRecorder } from './metrics.ts';
import type { ListenerSetup } from './setup.ts';
import type { Telling } from './telling.ts';

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
  /** Asked before a message is acted upon: it throws when that is another one's business by now. */
  check: () => void;
  /** Passes on how jobs ended, by the name of their runner, and the first order that no longer counts them. */
  onResults: (results: Record<string, string>, countedOut: number) => Promise<void>;
  /** For all that is no order. */
  telling: Telling;
  /** Says what of a message could not be understood, or not be acted upon. */
  onProblem: (problem: MessageProblem) => void;
  onHandled: () => void;
  /** A poll was answered, and its message acted upon. */
  onPolled: () => void;
}

/** What people are told about a message that went by. */
export interface MessageProblem {
  /** CamelCase, as it stands in an Event. */
  reason: 'MessageNotUnderstood' | 'JobsNotAcquired' | 'MessageNotAcknowledged';
  message: string;
}

/** What is told beside an order is waited for this long (milliseconds) before the message is acknowledged. */
const TELL_WITHIN_MS = 1_000;

/**
 * Once the queue has been quiet for so long (milliseconds), the order is given anew. What ended just before the last
 * order came to the set's knowledge only after it, and would otherwise be replaced with the next message only, if one
 * comes; and the last runners of a burst go at once, not when the poll runs out.
 */
const LULLS_MS: readonly number[] = [1_000, 2_000, 7_000];

/** After those, an order that changes nothing is repeated this often (milliseconds). */
const REPEAT_MS = 5 * 60_000;

/**
 * Polls and acts: acquires jobs, gives the order for replicas, and acknowledges. These two decide: without them a message
 * comes again, and everything may be done twice. What is only told (starts and ends of jobs, metrics) is tried beside
 * them and let go; what of a message cannot be understood is said, and goes by.
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
      if (message) await this.handle(message);
      else if (this.isRepeatDue()) await this.orderWhenQuiet();
      onPolled();
    }
  }

  private async handle(message: ScaleSetMessage): Promise<void> {
    const { progress, onHandled } = this.parts;
    const { messageId } = message;
    const isRepeated = messageId === progress.handledMessageId;
    this.parts.check();
    if (!isRepeated) {
      await this.act(message);
      progress.handledMessageId = messageId;
    }
    await this.acknowledge(messageId, isRepeated);
    progress.lastMessageId = messageId;
    onHandled();
  }

  /** One that came again and still cannot be acknowledged is passed by: others wait behind it. */
  private async acknowledge(messageId: number, isRepeated: boolean): Promise<void> {
    try {
      await this.parts.session.deleteMessage(messageId);
    } catch (error) {
      const isOfSession = isDecision(error, 'session-expired') || isDecision(error, 'token-expired');
      if (!isRepeated || isOfSession || !(error instanceof GitHubError)) throw error;
      const message = `A message was acted upon and cannot be acknowledged; the next ones are read: ${error.message}`;
      this.parts.onProblem({ reason: 'MessageNotAcknowledged', message });
    }
  }

  private async act(message: ScaleSetMessage): Promise<void> {
    const { progress, telling, onProblem } = this.parts;
    const { available, started, completed, problems } = message;
    this.lulls = 0;
    for (const problem of problems) {
      const text = `Part of a message of GitHub's queue was left out: ${problem}.`;
      onProblem({ reason: 'MessageNotUnderstood', message: text });
    }
    await this.acquire(available.map(({ runnerRequestId }) => runnerRequestId));
    progress.demand = withMessage(progress.demand, message, Date.now());
    progress.scaling.dirty ||= started.length + completed.length > 0;
    const countedOut = nextPatchSeq(progress.scaling);
    // First: whole runners wait for it.
    const ordered = this.order();
    this.tell(message, countedOut);
    await ordered;
    await telling.settled(TELL_WITHIN_MS);
  }

  /** Jobs that GitHub will not give us, whatever we do, keep none of the others waiting. */
  private async acquire(ids: readonly Int64[]): Promise<void> {
    const known = ids.filter((id) => id !== '0');
    if (known.length === 0) return;
    try {
      await this.parts.session.acquireJobs(known);
    } catch (error) {
      if (!isFinal(error)) throw error;
      if (known.length > 1) return this.acquireEach(known);
      const message = `GitHub does not let us have job request ${known.join()}: ${error.message}`;
      this.parts.onProblem({ reason: 'JobsNotAcquired', message });
    }
  }

  private async acquireEach(ids: readonly Int64[]): Promise<void> {
    for (const id of ids) await this.acquire([id]);
  }

  private tell({ started, completed, statistics }: ScaleSetMessage, countedOut: number): void {
    const { recorder, kubernetes, setup, telling, onResults } = this.parts;
    for (const job of started.filter(({ runnerName }) => runnerName !== ''))
      telling.begin('which job a runner has', () => recordStart(kubernetes, setup.namespace, job));
    const results = resultsOf(completed);
    if (Object.keys(results).length > 0)
      telling.begin('how jobs ended', () => onResults(results, countedOut));
    if (statistics) telling.begin('metrics', () => recorder.statistics(statistics));
    for (const job of started) telling.begin('metrics', () => recorder.started(job));
    for (const job of completed) telling.begin('metrics', () => recorder.completed(job));
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

/** GitHub will say no again to these very jobs. What a person must mend about our rights is another matter. */
const isFinal = (error: unknown): error is GitHubError =>
  (isDecision(error, 'refused') || isDecision(error, 'not-found')) &&
  error.status !== 401 &&
  error.status !== 403;
