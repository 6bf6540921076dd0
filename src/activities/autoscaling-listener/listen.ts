import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { WorkflowClient } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { MessageSession } from '../../github/message-session.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import type { ListenerNews, ListenerReport } from '../../messages/autoscaling-listener.ts';
import type { ListenerCapacity, RunnerSetObservation } from '../../messages/observations.ts';
import { ephemeralRunnerSetWorkflowId } from '../../messages/workflow-ids.ts';
import { BEAT_MS } from '../heartbeat.ts';
import type { ListenProgress, MessageProblem } from './message-loop.ts';
import { MessageLoop } from './message-loop.ts';
import type { ListenerMetrics, ListenerRecorder, ListenerSubject } from './metrics.ts';
import { NO_DEMAND } from './policies/demand.ts';
import { NO_SCALING } from './policies/desired-replicas.ts';
import { openSession } from './open-session.ts';
import type { SessionLease } from './lease.ts';
import type { ListenFailure } from './session-failures.ts';
import { afterListenFailure } from './session-failures.ts';
import type { ListenerKey, ListenerSetup, ReadSetup } from './setup.ts';
import { Telling } from './telling.ts';
import { observeRunnerSetSignal } from '../../messages/ephemeral-runner-set.ts';
import { reportSignal } from '../../messages/autoscaling-listener.ts';

/** Which listener to serve, and from where on. */
export interface ListenInput extends ListenerKey {
  /** What the EphemeralRunnerSet can take. */
  capacity: ListenerCapacity;
  /** Where the listener before left off. */
  progress?: ListenProgress;
}

/** What holding a session needs. Where setup and metrics come from differs between worker and pod. */
export interface ListenDeps {
  /** Name of the cluster: part of workflow ids. */
  cluster: string;
  kubernetes: Pick<KubernetesClient, 'mergePatch'>;
  /** Where the listener's workflow is told how it fares. */
  workflows: Pick<WorkflowClient, 'getHandle'>;
  readSetup: ReadSetup;
  /** Whether this worker may still poll. */
  lease: SessionLease;
  metrics: ListenerMetrics;
  log: (message: string, facts: Record<string, unknown>) => void;
}

/** The first heartbeat waits for the session, so that its id gets out before the throttling of heartbeats begins. */
const FIRST_BEAT_MS = 2_000;

/** What is still to be told when it ends is waited for this long (milliseconds). */
const TELL_AT_END_MS = 2_000;

/** A poll that is held for so long (milliseconds) works again, after one that did not. */
const HELD_MS = 3_000;

/** Messages of one kind of trouble are told once, as long as there are not too many kinds. */
const MOST_PROBLEMS = 20;

/**
 * Holds the message session of one scale set until it is cancelled: polls, acts, acknowledges. Answers where it left
 * off; the session stays open for whoever goes on. Goes on by itself after a lost session, a conflict or an outage.
 *
 * Fails with the reason as its type when it is of no use to go on (`ScaleSetNotFound`, `SecretNotFound`, …), and with
 * `WorkerStopping` when its worker ends; the failure's detail is where it left off.
 */
export const listenActivity =
  (deps: ListenDeps) =>
  async (input: ListenInput): Promise<ListenProgress> => {
    const context = Context.current();
    const known = context.info.heartbeatDetails as ListenProgress | undefined;
    const listening = new Listening(deps, context, { ...input, ...(known && { progress: known }) });
    return listening.run();
  };

class Listening {
  private progress: ListenProgress | undefined;
  private tries = 0;
  private reported = '';
  private lastReport: ListenerReport | undefined;
  private isSessionLost = false;
  /** The session was open, and polling failed: only a poll shows that it works again. */
  private isPollingInDoubt = false;
  private readonly problems = new Set<string>();
  private readonly telling = new Telling((what, error) => this.lose(what, error));
  private recorder: ListenerRecorder | undefined;
  private readonly deps: ListenDeps;
  private readonly context: Context;
  private readonly input: ListenInput;

  constructor(deps: ListenDeps, context: Context, input: ListenInput) {
    this.deps = deps;
    this.context = context;
    this.input = input;
    this.progress = input.progress;
  }

  async run(): Promise<ListenProgress> {
    const beat = (): void => {
      if (this.progress) this.context.heartbeat(this.progress);
      else this.context.heartbeat();
    };
    const first = setTimeout(beat, FIRST_BEAT_MS);
    const timer = setInterval(beat, BEAT_MS);
    try {
      while (!this.signal.aborted) await this.listenOnce(beat);
    } finally {
      clearTimeout(first);
      clearInterval(timer);
      await this.telling.settled(TELL_AT_END_MS);
      this.recorder?.close();
      if (this.context.cancellationDetails?.workerShutdown) beat();
    }
    return this.end();
  }

  private get signal(): AbortSignal {
    return this.context.cancellationSignal;
  }

  /** Until something goes wrong, or the end. */
  private async listenOnce(beat: () => void): Promise<void> {
    let held: NodeJS.Timeout | undefined;
    let isOpen = false;
    const lease = this.deps.lease.signal;
    const signal = AbortSignal.any([this.signal, lease]);
    try {
      const setup = await this.deps.readSetup(this.input, signal);
      const session = await this.open(setup, signal);
      isOpen = true;
      beat();
      const ready = {
        ready: true,
        reason: 'Listening',
        message: listeningMessage(setup, this.input.capacity),
      };
      const works = (): void => {
        this.isPollingInDoubt = false;
        this.tell(ready);
      };
      const loop = this.loopOver(setup, session, { beat, works, signal });
      await loop.begin();
      if (this.isPollingInDoubt) held = setTimeout(works, HELD_MS);
      else works();
      await loop.run();
    } catch (error) {
      if (this.signal.aborted) return;
      this.isPollingInDoubt = isOpen;
      clearTimeout(held);
      await (lease.aborted ? this.standBack() : this.recover(error));
    } finally {
      clearTimeout(held);
    }
  }

  private loopOver(
    setup: ListenerSetup,
    session: MessageSession,
    { beat, works, signal }: { beat: () => void; works: () => void; signal: AbortSignal },
  ): MessageLoop {
    this.recorder ??= this.deps.metrics.open(subjectOf(this.input, setup));
    return new MessageLoop({
      kubernetes: this.deps.kubernetes,
      recorder: this.recorder,
      setup,
      session,
      progress: this.progressFor(setup),
      capacity: capacityOf(this.input.capacity, setup.limits.maxRunners),
      signal,
      check: () => this.deps.lease.check(),
      telling: this.telling,
      onResults: (results, countedOut) => this.tellSet(setup, results, countedOut),
      onProblem: (problem) => this.tellProblem(problem),
      onHandled: beat,
      onPolled: () => {
        this.tries = 0;
        works();
      },
    });
  }

  private progressFor({ scaleSetId }: ListenerSetup): ListenProgress {
    if (this.progress?.scaleSetId !== scaleSetId) {
      const numbers = { scaleSetId, lastMessageId: 0, handledMessageId: 0 };
      this.progress = { ...numbers, scaling: NO_SCALING, demand: NO_DEMAND };
    }
    return this.progress;
  }

  private async open(setup: ListenerSetup, signal: AbortSignal): Promise<MessageSession> {
    const progress = this.progressFor(setup);
    const sessionId = progress.sessionId ?? setup.sessionId;
    const { session, isEarlier } = await openSession(
      setup,
      { sessionId, isLost: this.isSessionLost },
      signal,
    );
    this.isSessionLost = false;
    if (!isEarlier) Object.assign(progress, { lastMessageId: 0, handledMessageId: 0 });
    progress.sessionId = session.state().sessionId;
    return session;
  }

  /** Until Temporal has said whose the session is: another one's, then this one is cancelled, or still ours. */
  private async standBack(): Promise<void> {
    this.deps.log('A listener does not poll: Temporal cannot be reached.', keyOf(this.input));
    await this.deps.lease.held(this.signal);
  }

  private async recover(error: unknown): Promise<void> {
    const failure = afterListenFailure(error, this.tries, Math.random());
    this.tries += 1;
    const { reason, message } = failure;
    this.deps.log('A listener was interrupted.', { ...keyOf(this.input), reason, error: message });
    if (failure.action === 'stop') throw this.failure(failure);
    if (failure.action === 'renew') this.isSessionLost = true;
    if (failure.tell) this.tell({ ready: false, reason, message });
    await sleep(failure.waitMs, undefined, { signal: this.signal }).catch(() => undefined);
  }

  private tellProblem({ reason, message }: MessageProblem): void {
    this.deps.log(message, { ...keyOf(this.input), reason });
    const isTold = this.problems.has(message) || this.problems.size >= MOST_PROBLEMS;
    if (isTold || !this.lastReport) return;
    this.problems.add(message);
    this.signalReport({ ...this.lastReport, incident: { reason, message } });
  }

  private lose(what: string, error: unknown): void {
    const words = error instanceof Error ? error.message : String(error);
    this.deps.log('A listener could not tell something, and goes on.', {
      ...keyOf(this.input),
      what,
      error: words,
    });
  }

  /** The runner set's workflow writes it onto those runners that outlive their job. */
  private async tellSet(
    { namespace, runnerSet }: ListenerSetup,
    jobResults: Record<string, string>,
    countedOut: number,
  ): Promise<void> {
    const { cluster, workflows } = this.deps;
    const observation: RunnerSetObservation = { at: Date.now(), jobResults, countedOut };
    try {
      await workflows
        .getHandle(ephemeralRunnerSetWorkflowId(cluster, namespace, runnerSet))
        .signal(observeRunnerSetSignal, observation);
    } catch (error) {
      // The set is gone, and its runners with it.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }

  /** Tells the workflow, once for each change. It is news, no order: it may get lost. */
  private tell(report: ListenerReport): void {
    const { scaleSetId, sessionId } = this.progress ?? {};
    const numbers = {
      ...(scaleSetId !== undefined && { scaleSetId }),
      ...(sessionId !== undefined && { sessionId }),
    };
    const whole = { ...report, ...numbers };
    this.lastReport = whole;
    const text = JSON.stringify(whole);
    this.recorder?.running(report.ready);
    if (text === this.reported) return;
    this.reported = text;
    this.signalReport(whole);
  }

  private signalReport(news: ListenerNews): void {
    const { workflowId } = this.context.info.workflowExecution ?? {};
    if (workflowId === undefined) return;
    this.deps.workflows
      .getHandle(workflowId)
      .signal(reportSignal, news)
      .catch((error: unknown) => {
        this.reported = '';
        this.lose('how it fares', error);
      });
  }

  /** Cancelled by its workflow, it answers; with its worker ending, it fails so that another one goes on at once. */
  private end(): ListenProgress {
    const { progress } = this;
    if (this.context.cancellationDetails?.cancelRequested) {
      return (
        progress ?? {
          scaleSetId: 0,
          lastMessageId: 0,
          handledMessageId: 0,
          scaling: NO_SCALING,
          demand: NO_DEMAND,
        }
      );
    }
    throw this.failure({ reason: 'WorkerStopping', message: 'The worker ends; another one goes on.' });
  }

  private failure({ reason, message }: Pick<ListenFailure, 'reason' | 'message'>): ApplicationFailure {
    return ApplicationFailure.create({
      type: reason,
      message,
      nonRetryable: true,
      category: 'BENIGN',
      ...(this.progress && { details: [this.progress] }),
    });
  }
}

function subjectOf({ namespace, name }: ListenerKey, setup: ListenerSetup): ListenerSubject {
  const { enterprise, organization, repository } = setup.github.config;
  return {
    listener: { namespace, name },
    ...{ namespace: setup.namespace, name: setup.runnerSet },
    ...{ enterprise, organization, repository },
    ...(setup.metrics && { config: setup.metrics }),
  };
}

const keyOf = ({ namespace, name }: ListenerKey): { listener: string } => ({
  listener: `${namespace}/${name}`,
});

/** What is announced with each poll: jobs beyond it are not assigned. */
const capacityOf = (capacity: ListenerCapacity, maxRunners: number): number => {
  if (capacity === 'open') return maxRunners;
  return capacity === 'closed' ? 0 : Math.min(capacity, maxRunners);
};

function listeningMessage({ scaleSetId }: ListenerSetup, capacity: ListenerCapacity): string {
  const waits = `Waits for jobs of scale set ${scaleSetId}`;
  if (capacity === 'open') return `${waits}.`;
  return capacity === 'closed'
    ? `${waits}; none is taken for now.`
    : `${waits}; room for ${capacity} for now.`;
}
