import { setTimeout as sleep } from 'node:timers/promises';
import { ApiStatusError } from '../cluster/api-client.ts';
import type { ApiClient } from '../cluster/api-client.ts';

/** As much of a pod as a kubelet needs to play its runner. */
export interface Pod {
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    resourceVersion?: string;
    deletionTimestamp?: string;
  };
  spec: { containers: Container[]; initContainers?: Container[] };
  status: PodStatus;
}

interface Container {
  name: string;
  image: string;
  env?: { name: string; value?: string; valueFrom?: { secretKeyRef?: { name: string; key: string } } }[];
}

/** The part of a pod's status that runners read and write. */
export interface PodStatus {
  phase?: string;
  reason?: string;
  message?: string;
  startTime?: string;
  containerStatuses?: ContainerStatus[];
  initContainerStatuses?: ContainerStatus[];
  conditions?: { type: string; status: string; reason?: string; lastTransitionTime?: string }[];
}

/** The status of one container. */
export interface ContainerStatus {
  name: string;
  image: string;
  imageID: string;
  ready: boolean;
  started?: boolean;
  restartCount: number;
  state: Record<string, object>;
  lastState?: Record<string, object>;
}

/** What a change of the watched pods means for who plays the kubelet. */
export interface PodListener {
  present(pod: Pod): void;
  gone(uid: string): void;
}

const selector = encodeURIComponent('actions-ephemeral-runner=True');
const all = `/api/v1/pods?labelSelector=${selector}`;

interface PodList {
  metadata: { resourceVersion: string };
  items: Pod[];
}

interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: Pod;
}

/** Follows every runner pod of the cluster until `signal`; a broken watch begins again with a fresh list. */
export async function followPods(api: ApiClient, listener: PodListener, signal: AbortSignal): Promise<void> {
  const known = new Set<string>();
  while (!signal.aborted) {
    try {
      await listAndWatch(api, tracking(known, listener), signal);
    } catch {
      // An API server that is away comes back, and the list then tells what was missed.
      await sleep(500, undefined, { signal }).catch(() => undefined);
    }
  }
}

interface Tracker extends PodListener {
  known: Set<string>;
}

function tracking(known: Set<string>, listener: PodListener): Tracker {
  return {
    known,
    present: (pod) => {
      known.add(pod.metadata.uid);
      listener.present(pod);
    },
    gone: (uid) => {
      if (known.delete(uid)) listener.gone(uid);
    },
  };
}

async function listAndWatch(api: ApiClient, tracker: Tracker, signal: AbortSignal): Promise<void> {
  const list = await api.json<PodList>({ path: all, signal });
  const listed = new Set(list.items.map((pod) => pod.metadata.uid));
  for (const uid of [...tracker.known]) if (!listed.has(uid)) tracker.gone(uid);
  for (const pod of list.items) tracker.present(pod);
  const path = `${all}&watch=true&resourceVersion=${list.metadata.resourceVersion}`;
  for await (const { type, object } of api.watch<WatchEvent>({ path, signal })) {
    if (type === 'ERROR') return;
    if (type === 'DELETED') tracker.gone(object.metadata.uid);
    else if (type !== 'BOOKMARK') tracker.present(object);
  }
}

/** Writes the status as a kubelet does. A pod that is gone by now, or another of its name, is left alone. */
export async function writeStatus(api: ApiClient, { metadata }: Pod, status: PodStatus): Promise<void> {
  const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}/status`;
  const body = { metadata: { uid: metadata.uid }, status };
  try {
    await api.json({ method: 'PATCH', path, body, contentType: 'application/strategic-merge-patch+json' });
  } catch (error) {
    if (!(error instanceof ApiStatusError && [404, 409, 422].includes(error.status))) throw error;
  }
}

/** Says of a pod what a kubelet says in an Event only. */
export async function writeWarning(
  api: ApiClient,
  { metadata: { name, namespace, uid } }: Pod,
  { reason, message }: { reason: string; message: string },
): Promise<void> {
  const now = new Date().toISOString();
  const body = {
    ...{ apiVersion: 'v1', kind: 'Event', metadata: { generateName: `${name}.`, namespace } },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
    ...{ type: 'Warning', reason, message, count: 1, firstTimestamp: now, lastTimestamp: now },
    source: { component: 'kubelet' },
  };
  await api.json({ method: 'POST', path: `/api/v1/namespaces/${namespace}/events`, body });
}

/** Reads what the environment variable `name` of the container `runner` would hold; undefined while it is missing. */
export async function runnerVariable(api: ApiClient, pod: Pod, name: string): Promise<string | undefined> {
  const container = pod.spec.containers.find((candidate) => candidate.name === 'runner');
  const variable = container?.env?.find((candidate) => candidate.name === name);
  const reference = variable?.valueFrom?.secretKeyRef;
  if (!reference) return variable?.value;
  const path = `/api/v1/namespaces/${pod.metadata.namespace}/secrets/${reference.name}`;
  try {
    const secret = await api.json<{ data?: Record<string, string> }>({ path });
    const value = secret.data?.[reference.key];
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString();
  } catch (error) {
    if (error instanceof ApiStatusError && error.status === 404) return undefined;
    throw error;
  }
}
