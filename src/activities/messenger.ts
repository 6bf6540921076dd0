import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowClient } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { taskQueueOf } from '../api/workflow-ids.ts';
import type { Audience } from './audience.ts';
import { isScaleSetAudience, workflowIdOf } from './audience.ts';
import { isWorthAWorkflow, startFor } from './introduction.ts';
import type { AnyObservation } from './observation.ts';
import type { RunnerSettings } from './settings.ts';

/** The shortest time between two messages to one workflow: what changes in between goes together. */
const SPACING_MS = 100;

/** A scale set's counters change all the time, and nothing about it is in that hurry. */
const SCALE_SET_SPACING_MS = 500;

/** After a message could not be delivered. */
const AGAIN_MS = 1_000;

/** Where news come from. */
export interface Picture {
  /** What an audience has not been told, `undefined` if nothing. */
  takeNews(audience: Audience): AnyObservation | undefined;
  /** The whole picture for an audience, in parts that fit into a message. */
  snapshot(audience: Audience): AnyObservation[];
}

export interface MessengerOptions {
  cluster: string;
  workflows: Pick<WorkflowClient, 'getHandle' | 'signalWithStart'>;
  picture: Picture;
  settings: RunnerSettings;
  signal: AbortSignal;
  log: (message: string, facts: Record<string, unknown>) => void;
}

/**
 * Tells each workflow what changed for it: at most ten messages a second, in order, one at a time. A workflow that is
 * not there is started with the whole picture, and so is told whoever missed something.
 */
export class Messenger {
  private readonly options: MessengerOptions;
  /** Audiences that are being told, with what they need next. */
  private readonly busy = new Map<string, 'done' | 'news' | 'picture'>();
  /** Those that have had the whole picture. */
  private readonly informed = new Set<string>();

  constructor(options: MessengerOptions) {
    this.options = options;
  }

  /** There is something to tell; `whole`: whatever was told before. */
  notify(audience: Audience, whole = false): void {
    const key = workflowIdOf(this.options.cluster, audience);
    const need = whole || !this.informed.has(key) ? 'picture' : 'news';
    if (this.busy.has(key)) {
      if (this.busy.get(key) !== 'picture') this.busy.set(key, need);
      return;
    }
    this.busy.set(key, need);
    void this.attend(key, audience);
  }

  private async attend(key: string, audience: Audience): Promise<void> {
    const { signal, log } = this.options;
    while (!signal.aborted && this.busy.get(key) !== 'done') {
      const need = this.busy.get(key);
      this.busy.set(key, 'done');
      let pause = isScaleSetAudience(audience) ? SCALE_SET_SPACING_MS : SPACING_MS;
      try {
        await (need === 'picture' ? this.tellAll(key, audience) : this.tellNews(key, audience));
      } catch (error) {
        this.informed.delete(key);
        this.busy.set(key, 'picture');
        pause = AGAIN_MS;
        log('A workflow could not be told of changes; trying again.', {
          workflowId: key,
          error: String(error),
        });
      }
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
    this.busy.delete(key);
  }

  private async tellNews(key: string, audience: Audience): Promise<void> {
    const news = this.options.picture.takeNews(audience);
    if (!news) return;
    try {
      await this.options.workflows.getHandle(key).signal('observe', news);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      await this.tellAll(key, audience);
    }
  }

  private async tellAll(key: string, audience: Audience): Promise<void> {
    const { picture, settings } = this.options;
    const [first, ...others] = picture.snapshot(audience);
    if (!first || !isWorthAWorkflow(first)) return;
    await this.start(key, audience, { ...first, settings });
    for (const part of others) await this.options.workflows.getHandle(key).signal('observe', part);
    this.informed.add(key);
  }

  private async start(workflowId: string, audience: Audience, observation: AnyObservation): Promise<void> {
    const { cluster, workflows } = this.options;
    const { type, ...start } = startFor(cluster, audience, observation);
    await workflows.signalWithStart(type, {
      workflowId,
      taskQueue: taskQueueOf(cluster),
      ...start,
      signal: 'observe',
      signalArgs: [observation],
    });
  }
}
