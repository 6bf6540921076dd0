import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowClient } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { exponentialBackoffMs } from '../../api/exponential-backoff.ts';
import type { AnyObservation } from '../../messages/observations.ts';
import { observeSignal } from '../../messages/observations.ts';
import type { RunnerSettings } from '../../messages/settings.ts';
import { taskQueueOf } from '../../messages/workflow-ids.ts';
import { spacingAfter } from './policies/signal-spacing.ts';
import { needsWorkflow, startOptionsFor } from './workflow-start.ts';
import type { WorkflowTarget } from './workflow-target.ts';
import { workflowIdOf } from './workflow-target.ts';

/** After a message could not be delivered. One that Temporal never takes holds up nobody else. */
const AGAIN = { firstMs: 1_000, longestMs: 10_000 };

/** After so many messages in a row a workflow is asked whether it has come so far. */
const UNCONFIRMED = 20;

/** How long its answer is waited for, in milliseconds. */
const ANSWER_MS = 10_000;

/** Temporal's own: every workflow answers it. */
const METADATA_QUERY = '__temporal_workflow_metadata';

/** Where news come from. */
export interface ObservationStore {
  /** What a target has not been told, `undefined` if nothing. */
  takeNews(target: WorkflowTarget): AnyObservation | undefined;
  /** The whole snapshot for a target, in parts that fit into a message. */
  snapshot(target: WorkflowTarget): AnyObservation[];
}

/** Whom the queue signals, and from where it has what it says. `signal` ends it. */
export interface SignalQueueOptions {
  cluster: string;
  /** Greater than that of any watch before. */
  epoch: number;
  workflows: Pick<WorkflowClient, 'getHandle' | 'signalWithStart'>;
  store: ObservationStore;
  settings: RunnerSettings;
  signal: AbortSignal;
  log: (message: string, facts: Record<string, unknown>) => void;
}

/**
 * Tells each workflow what changed for it: in order, one message at a time, at most ten a second. A workflow that is
 * not there is started with the whole snapshot, and so is told whoever missed something.
 */
export class SignalQueue {
  private readonly options: SignalQueueOptions;
  /** Workflows that are being told, with what they need next. */
  private readonly busy = new Map<string, 'done' | 'news' | 'snapshot'>();
  /** Those that have had the whole snapshot. */
  private readonly informed = new Set<string>();
  private seq = 0;
  /** Ids of those that were told something since `takeTold`. */
  private told = new Set<string>();

  constructor(options: SignalQueueOptions) {
    this.options = options;
  }

  /** There is something to tell; `whole`: whatever was told before. */
  notify(target: WorkflowTarget, whole = false): void {
    const key = workflowIdOf(this.options.cluster, target);
    const need = whole || !this.informed.has(key) ? 'snapshot' : 'news';
    if (this.busy.has(key)) {
      if (this.busy.get(key) !== 'snapshot') this.busy.set(key, need);
      return;
    }
    this.busy.set(key, need);
    void this.attend(key, target);
  }

  /** There is somebody who may not have been told anything yet. */
  introduce(target: WorkflowTarget): void {
    const key = workflowIdOf(this.options.cluster, target);
    if (!this.informed.has(key) && !this.busy.has(key)) this.notify(target, true);
  }

  /** The ids of the workflows that were told something since the last call. */
  takeTold(): ReadonlySet<string> {
    const { told } = this;
    this.told = new Set();
    return told;
  }

  private async attend(key: string, target: WorkflowTarget): Promise<void> {
    const { signal, log } = this.options;
    let failures = 0;
    let unconfirmed = 0;
    while (!signal.aborted && this.busy.get(key) !== 'done') {
      const need = this.busy.get(key);
      this.busy.set(key, 'done');
      let pause: number;
      try {
        const told = await (need === 'snapshot' ? this.tellAll(key, target) : this.tellNews(key, target));
        pause = spacingAfter(target, told);
        failures = 0;
        unconfirmed += 1;
      } catch (error) {
        failures += 1;
        pause = exponentialBackoffMs(failures, AGAIN);
        this.informed.delete(key);
        this.busy.set(key, 'snapshot');
        log('A workflow could not be told of changes; trying again.', {
          workflowId: key,
          error: String(error),
        });
      }
      if (unconfirmed >= UNCONFIRMED) {
        unconfirmed = 0;
        await this.confirmed(key);
      }
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
    this.busy.delete(key);
  }

  /**
   * Resolves when the workflow has taken in what it was told, or does not answer. One that replays its history, or goes
   * on as a new run, comes to its end only if no message meets it on the way.
   */
  private async confirmed(key: string): Promise<void> {
    const answer = this.options.workflows.getHandle(key).query(METADATA_QUERY);
    const ended = new AbortController();
    const signal = AbortSignal.any([this.options.signal, ended.signal]);
    await Promise.race([answer, sleep(ANSWER_MS, undefined, { signal })]).catch(() => undefined);
    ended.abort();
  }

  /** @returns of how many runners it told */
  private async tellNews(key: string, target: WorkflowTarget): Promise<number> {
    const news = this.options.store.takeNews(target);
    if (!news) return 0;
    try {
      await this.signal(key, news);
      return runnersIn(news);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      return this.tellAll(key, target);
    }
  }

  /** @returns of how many runners it told */
  private async tellAll(key: string, target: WorkflowTarget): Promise<number> {
    const { store, settings } = this.options;
    const parts = store.snapshot(target);
    const [first, ...others] = parts;
    if (!first) return 0;
    if (!needsWorkflow(first)) return this.tellOfTheEnd(key, first);
    await this.start(key, target, { ...first, settings });
    for (const part of others) await this.signal(key, part);
    this.informed.add(key);
    return parts.reduce((runners, part) => runners + runnersIn(part), 0);
  }

  /** Nothing is left of its resource. If its workflow is still there, it must learn that; none is started for it. */
  private async tellOfTheEnd(key: string, nothing: AnyObservation): Promise<number> {
    this.informed.delete(key);
    try {
      await this.signal(key, nothing);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    return 0;
  }

  private async signal(key: string, observation: AnyObservation): Promise<void> {
    await this.options.workflows.getHandle(key).signal(observeSignal, this.numbered(observation));
    this.told.add(key);
  }

  private async start(
    workflowId: string,
    target: WorkflowTarget,
    observation: AnyObservation,
  ): Promise<void> {
    const { cluster, workflows } = this.options;
    const { type, ...start } = startOptionsFor(cluster, target, observation);
    await workflows.signalWithStart(type, {
      workflowId,
      taskQueue: taskQueueOf(cluster),
      ...start,
      signal: observeSignal,
      signalArgs: [this.numbered(observation)],
    });
    this.told.add(workflowId);
  }

  private numbered<O extends AnyObservation>(observation: O): O {
    this.seq += 1;
    return { ...observation, sequence: { epoch: this.options.epoch, seq: this.seq } };
  }
}

const runnersIn = (observation: AnyObservation): number =>
  ('runners' in observation ? observation.runners.length : 0) +
  ('gone' in observation ? observation.gone.length : 0);
