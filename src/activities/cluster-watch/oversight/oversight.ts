import type { WorkflowClient } from '@temporalio/client';
import type { KubernetesClient } from '../../../kubernetes/client/client.ts';
import { exponentialBackoffMs } from '../../../api/exponential-backoff.ts';
import { inParallel } from '../../parallel.ts';
import { tellEvents } from '../../tell.ts';
import { MOST, openWorkflows } from './open-workflows.ts';
import { Backoff } from './backoff.ts';
import type { SignalQueue } from '../signal-queue.ts';
import { StuckWorkflows } from './stuck-workflows.ts';
import { kindOf, resourceOf } from '../watched-resource.ts';
import type { WorkflowTarget } from '../workflow-target.ts';
import { workflowIdOf } from '../workflow-target.ts';

/** What looking after all workflows of a cluster needs. */
export interface OversightOptions {
  cluster: string;
  kubernetes: Pick<KubernetesClient, 'get' | 'list' | 'create'>;
  workflows: Pick<WorkflowClient, 'getHandle' | 'list' | 'workflowService' | 'options'>;
  namespaces: readonly string[];
  metrics: RebuildCounter;
  signalQueue: Pick<SignalQueue, 'notify' | 'takeTold'>;
  /** All that the watch knows of. */
  targets: () => WorkflowTarget[];
  /** Whether all that a target is decided from has been listed. */
  isCovered: (target: WorkflowTarget) => boolean;
  signal: AbortSignal;
  log: (message: string, facts: Record<string, unknown>) => void;
}

/** Counts workflows that were rebuilt. */
export interface RebuildCounter {
  /** @param kind of what the workflow serves */
  rebuilt(kind: string): void;
}

/** Told of a resource whose workflow was rebuilt. */
const REBUILT = {
  type: 'Warning',
  reason: 'WorkflowRebuilt',
  message:
    'The workflow of this object could not go on: task after task failed or timed out. It was ended and rebuilt from the cluster.',
} as const;

/** Between two looks, in milliseconds. */
const LOOK_MS = 15_000;

/** Between two starts of a workflow that ends though its resource is there: it may have nothing to do. */
const STARTS = { firstMs: LOOK_MS, longestMs: 30 * 60_000 };

/**
 * Looks at intervals at all workflows of the cluster that run. One whose resource was deleted while nobody watched is told
 * so; one that cannot go on is rebuilt from the cluster; one that ended, or that somebody ended, is started again.
 */
export class Oversight {
  private readonly options: OversightOptions;
  private readonly stuck: StuckWorkflows;
  private looking = false;
  /** Those whose workflow did not run at the last look. */
  private missing = new Set<string>();
  private readonly starts = new Backoff(
    (times) => exponentialBackoffMs(times, STARTS),
    () => performance.now(),
  );

  constructor(options: OversightOptions) {
    this.options = options;
    this.stuck = new StuckWorkflows({
      ...options,
      onEnded: (target) => void this.rebuild(target),
    });
  }

  /** @returns ends it */
  begin(): () => void {
    const timer = setInterval(() => void this.look(), LOOK_MS);
    return () => clearInterval(timer);
  }

  /** One look, unless the one before is still under way. Whatever it runs into is tried again with the next one. */
  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    const { cluster, workflows, namespaces, signalQueue, log, signal } = this.options;
    try {
      const told = signalQueue.takeTold();
      const open = await openWorkflows(workflows, cluster, namespaces);
      this.startMissing(open);
      await this.tellOrphans(open.filter((target) => this.options.isCovered(target)));
      await this.stuck.look(open, told);
    } catch (error) {
      if (!signal.aborted)
        log('The workflows could not be looked after; trying again.', { error: String(error) });
    } finally {
      this.looking = false;
    }
  }

  private async tellOrphans(open: readonly WorkflowTarget[]): Promise<void> {
    const { cluster, kubernetes, targets, signalQueue } = this.options;
    const known = new Set(targets().map((target) => workflowIdOf(cluster, target)));
    const orphans = open.filter((target) => !known.has(workflowIdOf(cluster, target)));
    await inParallel(orphans, async (target) => {
      if (!(await resourceOf(kubernetes, target))) signalQueue.notify(target, true);
    });
  }

  /** The list may be a second behind: only who is in none of two looks is missed. */
  private startMissing(open: readonly WorkflowTarget[]): void {
    const { cluster, targets, isCovered, signalQueue } = this.options;
    if (open.length >= MOST) return;
    this.starts.forgetAfter(STARTS.longestMs);
    const running = new Set(open.map((target) => workflowIdOf(cluster, target)));
    const before = this.missing;
    const known = targets().filter(isCovered);
    const missing = known.filter((target) => !running.has(workflowIdOf(cluster, target)));
    this.missing = new Set(missing.map((target) => workflowIdOf(cluster, target)));
    for (const target of missing) {
      const id = workflowIdOf(cluster, target);
      if (before.has(id) && this.starts.begin(id)) signalQueue.notify(target, true);
    }
  }

  private async rebuild(target: WorkflowTarget): Promise<void> {
    const { kubernetes, metrics, signalQueue } = this.options;
    signalQueue.notify(target, true);
    metrics.rebuilt(kindOf(target));
    const regarding = await resourceOf(kubernetes, target).catch(() => undefined);
    if (regarding) await tellEvents(kubernetes, regarding, [REBUILT]).catch(() => undefined);
  }
}
