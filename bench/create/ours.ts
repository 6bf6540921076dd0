import { Client, Connection } from '@temporalio/client';
import { waitUntil } from '../../dev/processes.ts';
import { startRunners } from '../../dev/runner/runners.ts';
import { ephemeralRunnerSetWorkflowId } from '../../src/messages/workflow-ids.ts';
import { isNotFound } from '../../src/kubernetes/client/errors.ts';
import { ephemeralRunnerSets } from '../../src/kubernetes/client/resources.ts';
import { cpuBetween, readCpu } from '../cpu.ts';
import type { OursRound } from './figures.ts';
import { atRest, countHistory, historySince } from '../history.ts';
import { maxJitInFlight, patienceMs, requestsTo } from './round.ts';
import type { RoundShape } from './round.ts';
import type { WorkerProcess } from '../worker-process.ts';
import { requestsSince } from '../worker-process.ts';
import { NAMESPACES } from '../servers.ts';
import type { Servers } from '../servers.ts';

const namespace = NAMESPACES.ours;

/** Our worker, round after round. */
export interface Ours {
  /** The whole life of a set's runners, from the patch that wants them to the last one gone. */
  round(name: string, shape: RoundShape): Promise<OursRound>;
  stop(): Promise<void>;
}

/** Measures a worker that runs already. */
export async function startOurs(servers: Servers, worker: WorkerProcess): Promise<Ours> {
  const connection = await Connection.connect({ address: worker.temporalAddress });
  const temporal = new Client({ connection });
  return {
    round: async (name, shape) => worker.alive(playRound({ servers, worker, temporal }, name, shape)),
    stop: () => connection.close(),
  };
}

interface Parts {
  servers: Servers;
  worker: WorkerProcess;
  temporal: Client;
}

async function playRound(parts: Parts, set: string, shape: RoundShape): Promise<OursRound> {
  const { servers, worker, temporal } = parts;
  const workflowId = ephemeralRunnerSetWorkflowId(worker.cluster, namespace, set);
  await servers.createSet('ours', set);
  await adopted(servers, set);
  await atRest(temporal, workflowId);

  await servers.takeGitHubStats();
  worker.takePeakRssMiB();
  const historyBefore = await countHistory(temporal, workflowId);
  const kubernetesBefore = await worker.kubernetesRequests();
  const cpuBefore = await worker.cpuSeconds();
  const birth = await create(parts, set, shape);
  const creationCpuSeconds = (await worker.cpuSeconds()) - cpuBefore;
  const goneSeconds = await end(parts, shape);
  await atRest(temporal, workflowId);

  const kubernetes = requestsSince(kubernetesBefore, await worker.kubernetesRequests(), shape.runners);
  const history = historySince(historyBefore, await countHistory(temporal, workflowId));
  const gitHub = await servers.takeGitHubStats();
  if (gitHub.violations.length > 0)
    throw new Error(`GitHub saw what must not be: ${gitHub.violations.join('; ')}`);
  const round: OursRound = {
    ...birth,
    goneSeconds,
    kubernetesRequests: kubernetes.total,
    kubernetesRequestsBy: kubernetes.byLabels,
    gitHubRequests: requestsTo(gitHub) / shape.runners,
    historyEvents: history.events / shape.runners,
    historyEventsBy: history.byType,
    runs: history.runs + 1,
    creationCpuSeconds,
    cpuSeconds: (await worker.cpuSeconds()) - cpuBefore,
    peakRssMiB: worker.takePeakRssMiB(),
    maxJitInFlight: maxJitInFlight(gitHub),
  };
  await removeSet(servers, set);
  return round;
}

type Birth = Pick<OursRound, 'createdSeconds' | 'runningSeconds' | 'readySeconds' | 'cpu'>;

/** One patch, as a listener writes it: the number of runners, and the number of the order. */
async function create({ servers }: Parts, set: string, shape: RoundShape): Promise<Birth> {
  const { runners } = shape;
  const observer = servers.observers.ours;
  const until = (what: 'created' | 'running' | 'ready'): Promise<number> =>
    observer.until(what, (counts) => counts[what] === runners, patienceMs(shape));
  const patch = { spec: { replicas: runners, patchID: 1 } };
  const cpuBefore = readCpu();
  const began = performance.now();
  const [created, running, ready] = await Promise.all([
    until('created'),
    until('running'),
    until('ready'),
    servers.kubernetes.mergePatch(ephemeralRunnerSets, { namespace, name: set }, patch),
  ]);
  const cpu = cpuBetween(cpuBefore, readCpu());
  const seconds = (at: number): number => (at - began) / 1000;
  return {
    createdSeconds: seconds(created),
    runningSeconds: seconds(running),
    readySeconds: seconds(ready),
    cpu,
  };
}

/** All runners exit with 0, as after their one job; under a numbered order none is replaced. */
async function end({ servers }: Parts, shape: RoundShape): Promise<number> {
  const began = performance.now();
  const runners = await startRunners({ kubeconfig: servers.cluster.kubeconfig });
  try {
    runners.rules.add({ namespace, exitCode: 0 });
    const gone = await servers.observers.ours.until(
      'gone',
      ({ present }) => present === 0,
      patienceMs(shape),
    );
    return (gone - began) / 1000;
  } finally {
    await runners.stop();
  }
}

const adopted = ({ kubernetes }: Servers, set: string): Promise<void> =>
  waitUntil('The adoption of the set', async () => {
    const { metadata, status } = await kubernetes.get(ephemeralRunnerSets, { namespace, name: set });
    return (metadata.finalizers?.length ?? 0) > 0 && status?.phase !== undefined;
  });

async function removeSet({ kubernetes }: Servers, name: string): Promise<void> {
  await kubernetes.delete(ephemeralRunnerSets, { namespace, name });
  await waitUntil(`The end of the set ${name}`, async () => {
    try {
      await kubernetes.get(ephemeralRunnerSets, { namespace, name });
      return false;
    } catch (error) {
      return isNotFound(error);
    }
  });
}
