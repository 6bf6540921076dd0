import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { CeilingAnswer, CeilingTask } from './ceiling-process.ts';
import type { JobsSystem } from './system.ts';
import type { JobsServers } from './servers.ts';
import { takePeakRssMiB } from '../worker-process.ts';
import { NAMESPACES } from '../servers.ts';

/** Starts the loop that does nothing durable: what it reaches is what the servers and the machine can do. */
export async function startCeiling(servers: JobsServers): Promise<JobsSystem> {
  const child = fork(join(import.meta.dirname, 'ceiling-process.ts'), [servers.cluster.kubeconfig]);
  await answerOf(child);
  const tellNow = async (task: CeilingTask): Promise<CeilingAnswer> => {
    child.send(task);
    const answer = (await answerOf(child)) as CeilingAnswer;
    if (answer.error !== undefined) throw new Error(`The ceiling failed: ${answer.error}`);
    return answer;
  };
  // One at a time, so that each gets its own answer.
  let last: Promise<unknown> = Promise.resolve();
  const tell = (task: CeilingTask): Promise<CeilingAnswer> => {
    const answer = last.then(() => tellNow(task));
    last = answer.catch(() => undefined);
    return answer;
  };
  return {
    side: 'limit',
    open: async (name, maxRunners) => {
      const { id } = await servers.gitHub.createScaleSet(name);
      await servers.createSet('limit', name, id);
      await tell({ task: 'open', namespace: NAMESPACES.limit, set: name, maxRunners });
      const close = async (): Promise<void> => {
        await tell({ task: 'close' });
      };
      return { id, close };
    },
    kubernetesRequests: async () => {
      const { requests } = await tell({ task: 'count' });
      return { total: Object.values(requests).reduce((sum, count) => sum + count, 0), byLabels: requests };
    },
    cpuSeconds: async () => (await tell({ task: 'count' })).cpuSeconds,
    takePeakRssMiB: () => takePeakRssMiB(child.pid ?? -1),
    alive: (work) => work,
    stop: () => {
      child.disconnect();
      return Promise.resolve();
    },
  };
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const { signal } = ended;
  try {
    const exit = once(child, 'exit', { signal }).then(() => {
      throw new Error('The process of the ceiling has ended.');
    });
    const [message] = (await Promise.race([once(child, 'message', { signal }), exit])) as [unknown];
    return message;
  } finally {
    ended.abort();
  }
}
