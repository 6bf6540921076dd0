import { connectToApi } from '../../../dev/cluster/api-client.ts';
import type { ApiClient } from '../../../dev/cluster/api-client.ts';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import type { GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { waitUntil } from '../../../dev/processes.ts';
import { startRunners } from '../../../dev/runner/runners.ts';
import type { Runners } from '../../../dev/runner/runners.ts';
import type { Pod } from '../../../dev/runner/pods.ts';
import { freshNamespace, suiteServers } from '../support/servers.ts';
import { createRunnerPod, jitConfigs } from './runner-pods.ts';

let github: GitHubStandIn;
let runners: Runners;
let api: ApiClient;
let namespace: string;
let jitConfig: (name: string) => Promise<string>;

beforeAll(async () => {
  github = await startGitHub();
  github.admin.createScaleSet({ id: 1, name: 'set' });
  ({ name: namespace } = await freshNamespace('runner'));
  runners = await startRunners({ kubeconfig: suiteServers().kubeconfig, adminPort: 0 });
  api = await connectToApi(suiteServers().kubeconfig, 4);
  jitConfig = await jitConfigs(github);
});

afterAll(async () => {
  await runners.stop();
  await github.stop();
  await api.close();
});

const read = (name: string) => api.json<Pod>({ path: `/api/v1/namespaces/${namespace}/pods/${name}` });
const remove = (name: string) =>
  api.json({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}/pods/${name}` });
const viewAtGitHub = (name: string) => github.admin.runners().find((runner) => runner.name === name);
const create = async (name: string) =>
  createRunnerPod(api, { namespace, name, jitConfig: await jitConfig(name) });
const online = (name: string) =>
  waitUntil(`${name} online`, () => Promise.resolve(viewAtGitHub(name)?.online === true));
const state = async (name: string) => (await read(name)).status.containerStatuses?.[0]?.state;
const phase = (name: string, wanted: string) =>
  waitUntil(`${name} ${wanted}`, async () => (await read(name)).status.phase === wanted);

async function createOnline(name: string): Promise<void> {
  await create(name);
  await online(name);
}

it('does its one job and succeeds', async () => {
  await createOnline('set-works');
  github.admin.queueJobs({ scaleSetId: 1, durationMs: 50 });
  await phase('set-works', 'Succeeded');
  expect(await state('set-works')).toMatchObject({ terminated: { exitCode: 0, reason: 'Completed' } });
  expect(viewAtGitHub('set-works')).toBeUndefined();
});

it('ends when its job is finished by hand', async () => {
  await createOnline('set-held');
  github.admin.assignJob('set-held');
  await waitUntil('busy', () => Promise.resolve(runners.list().some((runner) => runner.state === 'busy')));
  github.admin.finishJob('set-held');
  await phase('set-held', 'Succeeded');
});

it('ends when GitHub removes it', async () => {
  await createOnline('set-removed');
  github.admin.assignJob('set-removed');
  github.admin.finishJob('set-removed');
  await phase('set-removed', 'Succeeded');
});

it.each([7, 1])('ends with exit code %i when it is told to', async (exitCode) => {
  const name = `set-exit-${exitCode}`;
  await createOnline(name);
  expect(runners.end({ namespace, name }, exitCode)).toBe(true);
  await phase(name, 'Failed');
  expect(await state(name)).toMatchObject({ terminated: { exitCode, reason: 'Error' } });
  expect(viewAtGitHub(name)).toMatchObject({ online: false });
});

it('can be evicted, over HTTP as well', async () => {
  await createOnline('set-evicted');
  const url = `${runners.adminUrl!}/runners/${namespace}/set-evicted`;
  expect((await fetch(`${url}/evict`, { method: 'POST' })).status).toBe(204);
  await phase('set-evicted', 'Failed');
  expect((await read('set-evicted')).status).toMatchObject({ reason: 'Evicted' });
  await waitUntil('gone', async () => (await fetch(`${url}/evict`, { method: 'POST' })).status === 404);
});

it('can be made to wait', async () => {
  await createOnline('set-waits');
  runners.wait({ namespace, name: 'set-waits' }, 'ErrImagePull');
  await phase('set-waits', 'Pending');
  expect(await state('set-waits')).toMatchObject({ waiting: { reason: 'ErrImagePull' } });
});

it('can be taken off GitHub while its pod goes on', async () => {
  await createOnline('set-silent');
  expect(runners.disconnect({ namespace, name: 'set-silent' })).toBe(true);
  await waitUntil('offline', () => Promise.resolve(viewAtGitHub('set-silent')?.online === false));
  expect((await read('set-silent')).status.phase).toBe('Running');
});

it('follows rules for new pods of a set', async () => {
  runners.rules.add({ set: 'bad', namespace, exitCode: 3, times: 1 });
  await create('bad-1');
  await phase('bad-1', 'Failed');
  await createOnline('bad-2');
});

it('leaves GitHub when its pod is deleted, and stays registered', async () => {
  await createOnline('set-deleted');
  await remove('set-deleted');
  await waitUntil('offline', () => Promise.resolve(viewAtGitHub('set-deleted')?.online === false));
});

it('cancels its job when its pod is deleted', async () => {
  await createOnline('set-cancelled');
  const { jobId } = github.admin.assignJob('set-cancelled');
  await waitUntil('busy', () =>
    Promise.resolve(runners.list().some(({ name, state: at }) => name === 'set-cancelled' && at === 'busy')),
  );
  await remove('set-cancelled');
  const result = () => github.admin.jobs().find((job) => job.jobId === jobId)?.result;
  await waitUntil('cancelled', () => Promise.resolve(result() === 'canceled'));
});

it('fails when its JIT config was used before', async () => {
  const used = await jitConfig('set-used');
  await createRunnerPod(api, { namespace, name: 'set-used', jitConfig: used });
  await online('set-used');
  await createRunnerPod(api, { namespace, name: 'set-again', jitConfig: used });
  await phase('set-again', 'Failed');
  expect(github.admin.stats().violations).toHaveLength(1);
});
