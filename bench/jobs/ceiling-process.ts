/**
 * The ceiling: a listener that makes runners with the worker's own clients and builders, and forgets everything when it
 * ends: no EphemeralRunners, no status, no retries. A process like the worker's, told what to do over IPC.
 */
import { createGitHubConnections } from '../../src/github/connections.ts';
import type { MessageSession, ScaleSetMessage } from '../../src/github/message-session.ts';
import { createMessageSession } from '../../src/github/message-session.ts';
import { createKubernetesClient } from '../../src/kubernetes/client/create-client.ts';
import { isNotFound } from '../../src/kubernetes/client/errors.ts';
import type { Pod } from '../../src/kubernetes/client/resources.ts';
import { ephemeralRunnerSets, pods, secrets } from '../../src/kubernetes/client/resources.ts';
import { reflect } from '../../src/kubernetes/client/watch.ts';
import { controlledBy } from '../../src/kubernetes/objects/metadata.ts';
import { buildEphemeralRunner, buildJitSecret, buildRunnerPod } from '../../src/kubernetes/objects/runner.ts';
import type { Source } from '../create/source.ts';
import { readSource } from '../create/source.ts';

/** What the process of the ceiling is told to do. */
export type CeilingTask =
  | {
      task: 'open';
      namespace: string;
      /** The EphemeralRunnerSet whose template is used, and which owns the runners. */
      set: string;
      maxRunners: number;
    }
  | { task: 'close' }
  | { task: 'count' };

/** What it answers to each task. CPU time in seconds. */
export interface CeilingAnswer {
  error?: string;
  /** Requests to Kubernetes so far, by verb and resource. */
  requests: Record<string, number>;
  /** CPU time of this process so far. */
  cpuSeconds: number;
}

const VERSION = '0.0.0';

const requests: Record<string, number> = {};
const kubernetes = createKubernetesClient({
  kubeConfig: process.argv[2] ?? '',
  onRequest: ({ verb, resource }) => {
    const key = `${verb} ${resource}`;
    requests[key] = (requests[key] ?? 0) + 1;
  },
});
const connections = createGitHubConnections();

interface Listening {
  stopping: AbortController;
  done: Promise<unknown>;
  session: MessageSession;
}

let listening: Listening | undefined;

process.on('disconnect', () => process.exit(0));
process.on('message', (message) => void serve(message as CeilingTask));
process.send?.('ready');

async function serve(task: CeilingTask): Promise<void> {
  let error: string | undefined;
  try {
    if (task.task === 'open') listening = await open(task);
    if (task.task === 'close') await close();
  } catch (thrown) {
    error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  }
  const { user, system } = process.cpuUsage();
  process.send?.({
    ...(error === undefined ? {} : { error }),
    requests,
    cpuSeconds: (user + system) / 1e6,
  } satisfies CeilingAnswer);
}

type Opening = Extract<CeilingTask, { task: 'open' }>;

interface Room extends Opening {
  source: Source;
  signal: AbortSignal;
}

async function open(task: Opening): Promise<Listening> {
  const source = await readSource({ kubernetes, connections }, task);
  const scaleSetId = source.set.spec.ephemeralRunnerSpec?.runnerScaleSetId ?? 0;
  const stopping = new AbortController();
  const room: Room = { ...task, source, signal: stopping.signal };
  const session = await createMessageSession(source.github, { scaleSetId, owner: 'ceiling' });
  const done = Promise.allSettled([listen(room, session), sweep(room)]);
  return { stopping, done, session };
}

async function close(): Promise<void> {
  listening?.stopping.abort();
  await listening?.done;
  await listening?.session.close();
  listening = undefined;
}

/** One runner for each job that waits or runs; a runner counts until the end of its job has been told. */
async function listen(room: Room, session: MessageSession): Promise<void> {
  const { maxRunners: maxCapacity, signal } = room;
  const counted = new Set<string>();
  for (let lastMessageId = 0; ;) {
    const message = await session.getMessage({ lastMessageId, maxCapacity, signal });
    if (!message) continue;
    for (const { runnerName } of message.completed) counted.delete(runnerName);
    for (let wanting = wantedBy(message, room) - counted.size; wanting > 0; wanting -= 1) {
      const name = nextName(room);
      counted.add(name);
      void make(room, name).catch((error: unknown) => console.error(error));
    }
    await session.deleteMessage(message.messageId);
    lastMessageId = message.messageId;
  }
}

const wantedBy = ({ statistics }: ScaleSetMessage, { maxRunners }: Room): number =>
  Math.min(maxRunners, statistics?.totalAssignedJobs ?? 0);

let made = 0;

function nextName({ set }: Room): string {
  made += 1;
  return `${set}-runner-${made.toString(36).padStart(5, '0')}`;
}

async function make({ namespace, source: { set, github } }: Room, name: string): Promise<void> {
  const built = buildEphemeralRunner({ set, name, patchId: 0 });
  // Its uid is never seen: the set owns what is made.
  const runner = { ...built, metadata: { ...built.metadata, uid: name } };
  const scaleSetId = built.spec.runnerScaleSetId;
  const jit = await github.generateJitConfig(scaleSetId, { name, workFolder: '' });
  const ownerReferences = [controlledBy(set, ephemeralRunnerSets)];
  const owned = <T extends { metadata?: object }>(object: T): T => ({
    ...object,
    metadata: { ...object.metadata, ownerReferences },
  });
  await Promise.all([
    kubernetes.create(pods, namespace, owned(buildRunnerPod({ runner, version: VERSION }))),
    kubernetes.create(secrets, namespace, owned(buildJitSecret({ runner, jit, scaleSetId }))),
  ]);
}

/** Deletes each pod that ended, and its Secret. */
async function sweep({ namespace, signal }: Room): Promise<void> {
  const swept = new Set<string>();
  const look = ({ metadata, status }: Pod): void => {
    const name = metadata?.name ?? '';
    if (swept.has(name) || (status?.phase !== 'Succeeded' && status?.phase !== 'Failed')) return;
    swept.add(name);
    const key = { namespace, name };
    const failed = (error: unknown): void => {
      if (!isNotFound(error)) console.error(error);
    };
    void kubernetes.delete(pods, key, { gracePeriodSeconds: 0 }).catch(failed);
    void kubernetes.delete(secrets, key).catch(failed);
  };
  await reflect<Pod>({
    ...{ client: kubernetes, resource: pods, namespace, signal },
    onSync: (all) => all.forEach(look),
    onEvent: (_type, pod) => look(pod),
  });
}
