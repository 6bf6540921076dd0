import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { BareAnswer, BareTask } from './bare-calls.ts';
import { cpuBetween, readCpu } from '../cpu.ts';
import type { LimitRound } from './figures.ts';
import { maxJitInFlight, patienceMs, requestsTo } from './round.ts';
import type { RoundShape } from './round.ts';
import { NAMESPACES } from '../servers.ts';
import type { Servers } from '../servers.ts';

/** The process that makes the same calls without orchestration. */
export interface Limit {
  /** Creates the runners, waits until their pods run, and removes them again. */
  round(name: string, shape: RoundShape): Promise<LimitRound>;
  stop(): void;
}

/** Starts the process; it ends when its parent disconnects. */
export async function startLimit(servers: Servers): Promise<Limit> {
  const child = fork(join(import.meta.dirname, 'bare-calls.ts'), [servers.cluster.kubeconfig]);
  await answerOf(child);
  const tell = async (task: BareTask): Promise<BareAnswer> => {
    child.send(task);
    const answer = (await answerOf(child)) as BareAnswer;
    if (answer.error !== undefined) throw new Error(`The bare calls failed: ${answer.error}`);
    return answer;
  };
  return {
    round: (name, shape) => playRound({ servers, tell }, name, shape),
    stop: () => child.disconnect(),
  };
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const { signal } = ended;
  try {
    const exit = once(child, 'exit', { signal }).then(() => {
      throw new Error('The process of the bare calls has ended.');
    });
    const [message] = (await Promise.race([once(child, 'message', { signal }), exit])) as [unknown];
    return message;
  } finally {
    ended.abort();
  }
}

interface Parts {
  servers: Servers;
  tell: (task: BareTask) => Promise<BareAnswer>;
}

async function playRound({ servers, tell }: Parts, set: string, shape: RoundShape): Promise<LimitRound> {
  const { runners, concurrency } = shape;
  const observer = servers.observers.limit;
  const names = Array.from(
    { length: runners },
    (_, index) => `${set}-runner-${index.toString(36).padStart(5, '0')}`,
  );
  const task = { namespace: NAMESPACES.limit, set, names };
  await servers.createSet('limit', set);
  await servers.takeGitHubStats();
  const cpuBefore = readCpu();
  const began = performance.now();
  const [created, running, { cpuSeconds }] = await Promise.all([
    observer.until('created', (counts) => counts.created === runners, patienceMs(shape)),
    observer.until('running', (counts) => counts.running === runners, patienceMs(shape)),
    tell({ ...task, task: 'create', concurrency }),
  ]);
  const cpu = cpuBetween(cpuBefore, readCpu());
  const stats = await servers.takeGitHubStats();
  await tell({ ...task, task: 'remove', concurrency: 10 });
  await observer.until('gone', ({ present }) => present === 0, patienceMs(shape));
  return {
    createdSeconds: (created - began) / 1000,
    runningSeconds: (running - began) / 1000,
    cpuSeconds,
    cpu,
    gitHubRequests: requestsTo(stats) / runners,
    maxJitInFlight: maxJitInFlight(stats),
  };
}
