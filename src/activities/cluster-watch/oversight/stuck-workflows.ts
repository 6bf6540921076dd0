import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowClient } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { BEAT_MS } from '../../heartbeat.ts';
import { inParallel } from '../../parallel.ts';
import type { Suspicion } from '../policies/stuck-workflow.ts';
import { isStuck, pauseAfterRebuild, suspicionAfter } from '../policies/stuck-workflow.ts';
import { Backoff } from './backoff.ts';
import { progressOf } from './run-progress.ts';
import type { WorkflowTarget } from '../workflow-target.ts';
import { workflowIdOf } from '../workflow-target.ts';

/** What looking after workflows needs. */
export interface StuckWorkflowsOptions {
  cluster: string;
  workflows: Pick<WorkflowClient, 'getHandle' | 'workflowService' | 'options'>;
  signal: AbortSignal;
  /** Is told of each workflow that was ended: it is to be started anew, with everything. */
  onEnded: (target: WorkflowTarget) => void;
  log: (message: string, facts: Record<string, unknown>) => void;
  /** Milliseconds, of a clock that never goes back. */
  clock?: () => number;
  /** Milliseconds until a step that is under way for a run learns of its end. */
  letGoMs?: number;
}

/** Looked at in one go, beside those that were told something; the others have their turn the next time. */
const IN_TURN = 200;

/** A worker that is at a step for a run that was ended learns it with its next heartbeat. */
const LET_GO_MS = BEAT_MS + 1_000;

/** As it stands in Temporal beside the run. */
const REASON = 'No workflow task came to a good end: the workflow is rebuilt from the cluster.';

/**
 * Finds workflows that cannot go on, because task after task fails or times out, and ends them. All that they knew is in
 * the cluster: whoever is told of it starts them anew.
 */
export class StuckWorkflows {
  private readonly suspicions = new Map<string, Suspicion>();
  private readonly rebuilds: Backoff;
  private turn = 0;
  private readonly options: StuckWorkflowsOptions;
  private readonly clock: () => number;

  constructor(options: StuckWorkflowsOptions) {
    this.options = options;
    this.clock = options.clock ?? ((): number => performance.now());
    this.rebuilds = new Backoff(pauseAfterRebuild, this.clock);
  }

  /**
   * Looks at those that were told something, at those that are suspected, and at some of all the others.
   *
   * @param told ids of those that were told something since the last look
   */
  async look(all: readonly WorkflowTarget[], told: ReadonlySet<string>): Promise<void> {
    const { cluster, signal } = this.options;
    const targets = new Map(all.map((target) => [workflowIdOf(cluster, target), target]));
    for (const id of this.suspicions.keys()) if (!targets.has(id)) this.suspicions.delete(id);
    const chosen = new Set([...told, ...this.suspicions.keys(), ...this.nextInTurn([...targets.keys()])]);
    await inParallel([...chosen], async (id) => {
      const target = targets.get(id);
      if (target && !signal.aborted) await this.lookAt(id, target);
    });
  }

  private nextInTurn(ids: string[]): string[] {
    if (this.turn >= ids.length) this.turn = 0;
    const next = ids.slice(this.turn, this.turn + IN_TURN);
    this.turn += IN_TURN;
    return next;
  }

  private async lookAt(id: string, target: WorkflowTarget): Promise<void> {
    const { workflows } = this.options;
    try {
      const suspicion = suspicionAfter(
        this.suspicions.get(id),
        await progressOf(workflows, id),
        this.clock(),
      );
      if (suspicion) this.suspicions.set(id, suspicion);
      else this.suspicions.delete(id);
      if (suspicion && isStuck(suspicion, this.clock())) await this.end(id, target, suspicion);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      this.suspicions.delete(id);
    }
  }

  private async end(id: string, target: WorkflowTarget, { runId }: Suspicion): Promise<void> {
    const { workflows, log, onEnded, signal, letGoMs = LET_GO_MS } = this.options;
    if (!this.rebuilds.begin(id)) return;
    log('A workflow could not go on; it is rebuilt from the cluster.', { workflowId: id, runId });
    await workflows.getHandle(id, runId).terminate(REASON);
    this.suspicions.delete(id);
    await sleep(letGoMs, undefined, { signal }).catch(() => undefined);
    onEnded(target);
  }
}
