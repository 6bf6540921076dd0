import { jest } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { createGitHubConnections } from '../../src/github/connections.ts';
import { ignoreAlreadyExists, ignoreNotFound, isNotFound } from '../../src/kubernetes/client/errors.ts';
import { configMaps, namespaces, secrets, serviceAccounts } from '../../src/kubernetes/client/resources.ts';
import type { ScaleSet } from './support/scale-set-scene.ts';
import { createScaleSet } from './support/scale-set-scene.ts';
import type { RunnerSet, Scene } from './support/scene.ts';
import { TOKEN_SECRET, always, eventually, startScene } from './support/scene.ts';
import { freshNamespace } from './support/servers.ts';

jest.setTimeout(240_000);

/** From the deletion to giving up on GitHub: the tests look at what happens before. */
const DEADLINE_SECONDS = 30;
/** So long nothing may happen but tries at growing intervals. */
const QUIET_MS = 12_000;
/** Tries of one kind in that time: the first are a second apart. */
const MOST_TRIES = 6;

let scene: Scene;
let doomed: Scene;

beforeAll(async () => {
  const { name } = await freshNamespace('doomed');
  scene = await startScene('namespace-deletion', {
    settings: { deletionDeadlineSeconds: DEADLINE_SECONDS },
    alsoIn: [name],
    rightsEverywhere: true,
  });
  doomed = scene.inNamespace(name);
});

afterAll(() => scene.stop());

const heldBy = { metadata: { name: 'held', finalizers: ['example.com/held'] } };

async function letGo(): Promise<void> {
  const key = { namespace: doomed.namespace, name: 'held' };
  const patch = { metadata: { finalizers: null } };
  await ignoreNotFound(scene.kubernetes.mergePatch(configMaps, key, patch));
}

const lengthOf = async (workflow: WorkflowHandle): Promise<number> =>
  (await workflow.describe()).historyLength;

/** How often each activity was begun, after so many events of a history; and how many events that made. */
async function begunSince(workflow: WorkflowHandle, length: number): Promise<Record<string, number>> {
  const { events } = await workflow.fetchHistory();
  const later = (events ?? []).slice(length);
  const counts: Record<string, number> = { events: later.length };
  for (const { activityTaskScheduledEventAttributes: scheduled } of later) {
    const name = scheduled?.activityType?.name;
    if (name) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const hasEnded = async (workflow: WorkflowHandle): Promise<void> =>
  eventually(async () => expect((await workflow.describe()).status.name).toBe('COMPLETED'));

/** How often the worker tried to write an Event into the namespace since. */
const eventsTried = (since: number): number =>
  scene.requests.filter(
    ({ at, verb, resource, namespace }) =>
      at >= since && verb === 'create' && resource === 'events' && namespace === doomed.namespace,
  ).length;

/** As a person does who was told of them. */
async function removeLeaked(): Promise<void> {
  const { admin, token } = scene.github;
  const connections = createGitHubConnections();
  const credentials = { kind: 'token', token } as const;
  const client = connections.connect({ configUrl: scene.github.configUrl('octo/app'), credentials });
  for (const { name, busy } of admin.runners()) if (busy) admin.finishJob(name);
  for (const { id } of admin.runners()) await client.removeRunner(id);
  await connections.close();
}

const tokenSecret = (): Promise<void> =>
  ignoreAlreadyExists(doomed.createSecret(TOKEN_SECRET, { github_token: scene.github.token }));

describe('a namespace that is deleted with all that is in it, and stays Terminating', () => {
  let scaleSet: ScaleSet;
  let set: RunnerSet;
  let workflows: WorkflowHandle[];
  let deletedAt: number;
  let scaleSetId: number;

  beforeAll(async () => {
    await tokenSecret();
    await scene.kubernetes.create(configMaps, doomed.namespace, heldBy);
    scaleSet = await createScaleSet(doomed, 'whole', { minRunners: 2, maxRunners: 3 });
    set = await doomed.createSet('set', { replicas: 2 });
    await doomed.createStandaloneRunner('alone', scene.github.admin.createScaleSet({ name: 'alone' }).id);
    const whole = await scaleSet.runners();
    await whole.ready(2);
    const [busy = ''] = await set.ready(2);
    await doomed.startJob(busy);
    await eventually(async () => expect((await doomed.runner('alone'))?.status?.ready).toBe(true));
    ({ scaleSetId } = whole);
    workflows = [scaleSet.workflow(), whole.workflow(), set.workflow(), doomed.standaloneWorkflow()];
    // The Secret is gone before anything else: the worst order.
    const key = { namespace: doomed.namespace, name: TOKEN_SECRET };
    await scene.kubernetes.delete(secrets, key);
    deletedAt = Date.now();
    await scene.kubernetes.delete(namespaces, { name: doomed.namespace });
  });

  afterAll(letGo);

  it('keeps no other namespace from being served, and is tried at growing intervals', async () => {
    const other = await scene.createSet('other', { replicas: 2 });
    await other.ready(2);
    const before = await Promise.all(workflows.map(lengthOf));
    await always(QUIET_MS, async () => {
      await other.read();
    });
    for (const [i, workflow] of workflows.entries()) {
      const begun = await begunSince(workflow, before[i] ?? 0);
      const { events: _events, ...tries } = begun;
      const isCalm = Object.values(tries).every((count) => count <= MOST_TRIES);
      expect({ ...begun, isCalm }).toEqual({ ...begun, isCalm: true });
    }
  });

  it('says what it waits for: in the status, since no Event can be written, and in the log', async () => {
    expect(await set.condition('Ready')).toMatchObject({ status: 'False', reason: 'SecretNotFound' });
    expect(scene.logs.join('\n')).toMatch(/Event SecretNotFound.*create Secret/);
  });

  it('gives up on GitHub after the deadline, and the workflows end', async () => {
    for (const workflow of workflows) await hasEnded(workflow);
    // Kubernetes deletes the pods first, and the rest when they are gone.
    expect(Date.now() - deletedAt).toBeLessThan((DEADLINE_SECONDS + 60) * 1000);
    expect(await doomed.allRunners()).toEqual([]);
    // What happened to each runner, scale set and session, once.
    expect(eventsTried(deletedAt)).toBeLessThanOrEqual(40);
    const logs = scene.logs.join('\n');
    expect(logs).toMatch(/let go without GitHub, remove them there/);
    expect(logs).toMatch(/Scale set \d+ was left at/);
    const namespace = await scene.kubernetes.get(namespaces, { name: doomed.namespace });
    expect(namespace.status?.phase).toBe('Terminating');
  });

  it('is served anew when it comes back under the same name', async () => {
    await letGo();
    await eventually(async () => {
      const read = scene.kubernetes.get(namespaces, { name: doomed.namespace });
      await read.then(
        () => expect('still there').toBe('gone'),
        (error: unknown) => expect(isNotFound(error)).toBe(true),
      );
    });
    await removeLeaked();
    // The session that was left open has ended by itself.
    scene.github.admin.expire(scaleSetId, 'session');
    await scene.kubernetes.create(namespaces, undefined, { metadata: { name: doomed.namespace } });
    await tokenSecret();
    await eventually(() =>
      scene.kubernetes.get(serviceAccounts, { namespace: doomed.namespace, name: 'default' }),
    );
    const again = await createScaleSet(doomed, 'whole', { minRunners: 1, maxRunners: 2 });
    await (await again.runners()).ready(1);
    await again.delete();
    await again.gone();
    await scene.kubernetes.delete(namespaces, { name: doomed.namespace });
  });
});
