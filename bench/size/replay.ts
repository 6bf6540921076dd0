import type { Client, WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { InjectedSinks } from '@temporalio/worker';
import { WORKFLOW_BUNDLE } from '../build.ts';
import type { MetricsSinks } from '../../src/workflows/metrics-sink.ts';

/** What it takes to come to the end of one run again, with nothing in a cache. */
export interface Replay {
  runId: string;
  events: number;
  /** Of its history, in KiB. */
  kib: number;
  seconds: number;
  /** CPU time, which others on the machine do not lengthen as much. */
  cpuSeconds: number;
}

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

interface Run {
  runId: string;
  history: History;
  kib: number;
}

/** Replays all runs of a workflow, one after the other, with the code of this working tree. */
export async function replayRuns({ workflow }: Client, workflowId: string): Promise<Replay[]> {
  const runs: Run[] = [];
  let runId: string | undefined = (await workflow.getHandle(workflowId).describe()).runId;
  while (runId !== undefined) {
    const handle: WorkflowHandle = workflow.getHandle(workflowId, runId);
    const [history, { historySize = 0 }] = await Promise.all([handle.fetchHistory(), handle.describe()]);
    runs.unshift({ runId, history, kib: historySize / 1024 });
    const [first] = history.events ?? [];
    runId = first?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  }
  return timed(workflowId, runs);
}

async function timed(workflowId: string, runs: readonly Run[]): Promise<Replay[]> {
  const logger = new DefaultLogger('ERROR');
  Runtime.install({ logger, telemetryOptions: { logging: { forward: {}, filter: 'OFF' } } });
  const sinks: InjectedSinks<MetricsSinks> = { metrics: { reconciled: { fn: () => undefined } } };
  const options = { workflowBundle: { codePath: WORKFLOW_BUNDLE }, replayName: 'replayed', sinks };
  const replays: Replay[] = [];
  let next = Promise.withResolvers<undefined>();
  let began = 0;
  let usedBefore = process.cpuUsage();
  /** The first is replayed twice: its first time pays for the compiler. */
  const all = [...runs.slice(0, 1), ...runs];
  async function* oneByOne(): AsyncGenerator<{ workflowId: string; history: History }> {
    for (const { history } of all) {
      next = Promise.withResolvers<undefined>();
      began = performance.now();
      usedBefore = process.cpuUsage();
      yield { workflowId, history };
      await next.promise;
    }
  }
  for await (const { error } of Worker.runReplayHistories(options, oneByOne())) {
    if (error) throw error;
    const { runId, history, kib } = all[replays.length] ?? {};
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(usedBefore);
    const cpuSeconds = (user + system) / 1e6;
    replays.push({
      runId: runId ?? '',
      events: history?.events?.length ?? 0,
      kib: kib ?? 0,
      seconds,
      cpuSeconds,
    });
    next.resolve(undefined);
  }
  return replays.slice(1);
}
