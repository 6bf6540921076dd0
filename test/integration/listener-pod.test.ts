import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { RunningProcess } from '../../dev/processes.ts';
import { launch } from '../../dev/processes.ts';
import type { Runners } from '../../dev/runner/runners.ts';
import { startRunners } from '../../dev/runner/runners.ts';
import { isNotFound } from '../../src/kubernetes/client/errors.ts';
import type { Pod } from '../../src/kubernetes/client/resources.ts';
import {
  pods,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
} from '../../src/kubernetes/client/resources.ts';
import type { CrashScene } from './support/crash-scene.ts';
import { openCrashScene } from './support/crash-scene.ts';
import { eventually } from './support/scene.ts';
import type { StartedScaleSet } from './support/listener-scene.ts';
import { setToken, startScaleSet } from './support/listener-scene.ts';
import { suiteServers } from './support/servers.ts';
import { kubeconfigFor } from './support/service-account.ts';

/** A listener in a pod of its own. Nodes are fake: the test runs what the pod would run, with what the pod was given. */
let runners: Runners;
let scene: CrashScene;
let folder: string;
let demo: StartedScaleSet;
let listener: RunningProcess | undefined;
let kubeconfig: string | undefined;

beforeAll(async () => {
  runners = await startRunners({ kubeconfig: suiteServers().kubeconfig });
  folder = mkdtempSync(join(tmpdir(), 'temporal-arc-listener-'));
  const workerFlags = ['--listener-image', 'temporal-arc:test', '--listener-metrics-addr', '0'];
  scene = await openCrashScene('listener-pod', suiteServers(), { jitLatencyMs: 0, workerFlags });
  await scene.startWorker();
}, 120_000);

afterAll(async () => {
  await listener?.stop();
  await scene.close();
  await runners.stop();
  if (kubeconfig !== undefined) rmSync(dirname(kubeconfig), { recursive: true });
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const key = () => ({ namespace: scene.namespace, name: demo.listenerName });

const pod = (): Promise<Pod> => scene.kubernetes.get(pods, key());

const configSecret = () => scene.kubernetes.get(secrets, { ...key(), name: `${demo.listenerName}-config` });

async function config(): Promise<string> {
  const { data } = await configSecret();
  return Buffer.from(data?.['config.json'] ?? '', 'base64').toString();
}

/** The program by the name that it has in the image. */
function entryPoint(name: string): string {
  const path = join(folder, basename(name));
  rmSync(path, { force: true });
  symlinkSync(join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts'), path);
  return path;
}

/** Runs the command of the pod's container with its environment and its ServiceAccount, as a kubelet would. */
async function runPod(): Promise<RunningProcess> {
  const path = join(folder, 'config.json');
  writeFileSync(path, await config());
  kubeconfig = await kubeconfigFor(key(), suiteServers().kubeconfig);
  const [container] = (await pod()).spec?.containers ?? [];
  const env = Object.fromEntries((container?.env ?? []).map(({ name, value = '' }) => [name, value]));
  return launch({
    name: 'listener',
    command: process.execPath,
    args: [entryPoint(container?.command?.[0] ?? '')],
    env: {
      PATH: process.env['PATH'],
      ...env,
      LISTENER_CONFIG_PATH: path,
      KUBECONFIG: kubeconfig,
    },
    logFile: join(folder, 'listener.log'),
  });
}

test('a listenerTemplate gives it a pod with all that it needs', async () => {
  const theirs = {
    image: 'ghcr.io/actions/gha-runner-scale-set-controller:0.12.1',
    command: ['/ghalistener'],
  };
  const resources = { requests: { cpu: '10m' } };
  const template = { spec: { containers: [{ name: 'listener', ...theirs, resources }] } };
  demo = await startScaleSet(scene, 'busy', { maxRunners: 5, listenerTemplate: template }, { ready: false });
  const { metadata, spec } = await eventually(pod);
  expect(spec?.containers[0]).toMatchObject({
    image: 'temporal-arc:test',
    command: ['/ghalistener'],
    resources,
  });
  expect(metadata?.ownerReferences).toEqual([expect.objectContaining({ kind: 'AutoscalingListener' })]);
  expect(await scene.kubernetes.get(serviceAccounts, key())).toBeDefined();
  expect((await scene.kubernetes.get(roles, key())).rules).toHaveLength(2);
  expect((await scene.kubernetes.get(roleBindings, key())).subjects).toHaveLength(1);
  expect(JSON.parse(await config())).toMatchObject({ runner_scale_set_id: demo.id, max_runners: 5 });
}, 90_000);

test('the pod holds the session and orders runners', async () => {
  listener = await runPod();
  await listener.alive(
    eventually(async () => expect(await demo.ready()).toMatchObject({ status: 'True', reason: 'Listening' })),
  );
  expect(await demo.condition('TemplateUsed')).toMatchObject({ status: 'False', reason: 'ImageNotUsed' });
  scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 6, durationMs: 300 });
  await listener.alive(eventually(() => expect(demo.jobs('completed')).toHaveLength(6)));
}, 90_000);

test('a pod that ends is made anew, and its configuration stays', async () => {
  const before = await pod();
  const uidOfConfig = async () => (await configSecret()).metadata?.uid;
  const uid = await uidOfConfig();
  await scene.kubernetes.mergePatch(pods, key(), { status: { phase: 'Failed' } }, { subresource: 'status' });
  await eventually(async () => expect((await pod()).metadata?.uid).not.toBe(before.metadata?.uid));
  expect(await uidOfConfig()).toBe(uid);
}, 90_000);

test('a changed spec makes pod and configuration anew', async () => {
  const before = await pod();
  await demo.patch({ maxRunners: 3 });
  await eventually(async () => {
    expect(JSON.parse(await config())).toMatchObject({ max_runners: 3 });
    expect((await pod()).metadata?.uid).not.toBe(before.metadata?.uid);
  });
}, 90_000);

test('a changed label reaches the pod, its account, role and binding', async () => {
  await demo.label({ team: 'blue' });
  await eventually(async () => {
    const objects = await Promise.all([
      pod(),
      scene.kubernetes.get(serviceAccounts, key()),
      scene.kubernetes.get(roles, key()),
      scene.kubernetes.get(roleBindings, key()),
    ]);
    for (const { metadata } of objects) expect(metadata?.labels).toMatchObject({ team: 'blue' });
  });
}, 90_000);

test('deleted, nothing of it is left', async () => {
  await setToken(scene, scene.github.token);
  await demo.remove();
  await eventually(async () => expect(await demo.exists()).toBe(false));
  const gone = async (request: Promise<unknown>): Promise<boolean> =>
    request.then(
      () => false,
      (error: unknown) => isNotFound(error),
    );
  expect(await gone(pod())).toBe(true);
  expect(await gone(config())).toBe(true);
  expect(await gone(scene.kubernetes.get(roles, key()))).toBe(true);
  expect(await gone(scene.kubernetes.get(roleBindings, key()))).toBe(true);
  expect(await gone(scene.kubernetes.get(serviceAccounts, key()))).toBe(true);
}, 120_000);
