/**
 * The limit: creates runners with the worker's own clients and builders and no orchestration at all. A process like the
 * worker's, told what to do over IPC.
 */
import { createGitHubConnections } from '../../src/github/connections.ts';
import type { ScaleSetClient } from '../../src/github/scale-set-client.ts';
import { createKubernetesClient } from '../../src/kubernetes/client/create-client.ts';
import { ephemeralRunners, pods, secrets } from '../../src/kubernetes/client/resources.ts';
import { buildEphemeralRunner, buildJitSecret, buildRunnerPod } from '../../src/kubernetes/objects/runner.ts';
import type { Source } from './source.ts';
import { readSource } from './source.ts';

/** What the process of the bare calls is told to do. */
export interface BareTask {
  task: 'create' | 'remove';
  namespace: string;
  /** The EphemeralRunnerSet whose template is used, and which owns the runners. */
  set: string;
  names: string[];
  concurrency: number;
}

/** What it answers when it is done. */
export interface BareAnswer {
  error?: string;
  /** CPU time of this process for the task, in seconds. */
  cpuSeconds: number;
}

/** Template and credentials are read once for so many runners, as the worker does when many are wanted. */
const RUNNERS_PER_READ = 10;

const VERSION = '0.0.0';

const kubernetes = createKubernetesClient({ kubeConfig: process.argv[2] ?? '' });
const connections = createGitHubConnections();
const registered = new Map<string, number>();

process.on('disconnect', () => process.exit(0));
process.on('message', (message) => void serve(message as BareTask));
process.send?.('ready');

async function serve(task: BareTask): Promise<void> {
  const before = process.cpuUsage();
  let error: string | undefined;
  try {
    await (task.task === 'create' ? createAll(task) : removeAll(task));
  } catch (thrown) {
    error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  }
  const { user, system } = process.cpuUsage(before);
  process.send?.({
    ...(error === undefined ? {} : { error }),
    cpuSeconds: (user + system) / 1e6,
  } satisfies BareAnswer);
}

async function createAll(task: BareTask): Promise<void> {
  const queue = [...task.names];
  const lane = async (): Promise<void> => {
    for (let source: Source | undefined, made = 0; queue.length > 0; made += 1) {
      const name = queue.shift() ?? '';
      if (!source || made % RUNNERS_PER_READ === 0)
        source = await readSource({ kubernetes, connections }, task);
      await create(name, source);
    }
  };
  await Promise.all(Array.from({ length: Math.min(task.concurrency, queue.length) }, lane));
}

async function create(name: string, { set, github }: Source): Promise<void> {
  const { namespace } = set.metadata;
  const object = buildEphemeralRunner({ set, name, patchId: 1 });
  const runner = await kubernetes.create(ephemeralRunners, namespace, object);
  const scaleSetId = runner.spec.runnerScaleSetId;
  const jit = await github.generateJitConfig(scaleSetId, { name, workFolder: '' });
  registered.set(name, jit.runner.id);
  await Promise.all([
    kubernetes.create(pods, namespace, buildRunnerPod({ runner, version: VERSION })),
    kubernetes.create(secrets, namespace, buildJitSecret({ runner, jit, scaleSetId })),
  ]);
}

/** Tidies up for the next round; nobody times this. */
async function removeAll(task: BareTask): Promise<void> {
  const { github } = await readSource({ kubernetes, connections }, task);
  const queue = [...task.names];
  const lane = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift())
      await remove(task.namespace, name, github);
  };
  await Promise.all(Array.from({ length: task.concurrency }, lane));
}

async function remove(namespace: string, name: string, github: ScaleSetClient): Promise<void> {
  const id = registered.get(name);
  registered.delete(name);
  const key = { namespace, name };
  await Promise.all([
    id === undefined ? undefined : github.removeRunner(id),
    kubernetes.delete(pods, key, { gracePeriodSeconds: 0 }),
    kubernetes.delete(secrets, key),
    kubernetes.delete(ephemeralRunners, key),
  ]);
  await kubernetes.mergePatch(ephemeralRunners, key, { metadata: { finalizers: null } });
}
