import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowClient } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { SearchAttributePair } from '@temporalio/common';
import { clusterKey, namespaceKey, repositoryUrlKey, scaleSetKey } from '../api/search-attributes.ts';
import { looseRunnersWorkflowId, runnerSetWorkflowId, taskQueueOf } from '../api/workflow-ids.ts';
import type { Audience, ClusterPicture } from './cluster-picture.ts';
import type { Observation } from './observation.ts';
import type { RunnerSettings } from './settings.ts';

/** The shortest time between two messages to one workflow: what changes in between goes together. */
const SPACING_MS = 100;

/** After a message could not be delivered. */
const AGAIN_MS = 1_000;

export interface MessengerOptions {
  cluster: string;
  workflows: Pick<WorkflowClient, 'getHandle' | 'signalWithStart'>;
  picture: Pick<ClusterPicture, 'takeNews' | 'snapshot'>;
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
    const key = idOf(this.options.cluster, audience);
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
      let pause = SPACING_MS;
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
    if (!first || isEmpty(first)) return;
    await this.start(key, audience, { ...first, settings });
    for (const part of others) await this.options.workflows.getHandle(key).signal('observe', part);
    this.informed.add(key);
  }

  private async start(workflowId: string, audience: Audience, observation: Observation): Promise<void> {
    const { cluster, workflows } = this.options;
    const { namespace, set } = audience;
    await workflows.signalWithStart('ephemeralRunnerSet', {
      workflowId,
      taskQueue: taskQueueOf(cluster),
      args: [{ namespace, ...(set === undefined ? {} : { name: set }) }],
      signal: 'observe',
      signalArgs: [observation],
      staticSummary: set === undefined ? `runners of no set in ${namespace}` : `${namespace}/${set}`,
      typedSearchAttributes: attributesOf(cluster, audience, observation),
    });
  }
}

const idOf = (cluster: string, { namespace, set }: Audience): string =>
  set === undefined
    ? looseRunnersWorkflowId(cluster, namespace)
    : runnerSetWorkflowId(cluster, namespace, set);

/** Neither a set nor a runner: not worth a workflow. */
const isEmpty = ({ set, runners = [] }: Observation): boolean => !set && runners.length === 0;

const attributesOf = (
  cluster: string,
  { namespace }: Audience,
  { set }: Observation,
): SearchAttributePair[] => [
  { key: clusterKey, value: cluster },
  { key: namespaceKey, value: namespace },
  ...(set
    ? [
        { key: scaleSetKey, value: set.scaleSet },
        { key: repositoryUrlKey, value: set.configUrl },
      ]
    : []),
];
