import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { jest } from '@jest/globals';
import type { RunningProcess } from '../../dev/processes.ts';
import { freePort, launch, waitUntil } from '../../dev/processes.ts';
import type { Runners } from '../../dev/runner/runners.ts';
import { startRunners } from '../../dev/runner/runners.ts';
import { pods, secrets, serviceAccounts } from '../../src/kubernetes/client/resources.ts';
import { version } from '../../src/workers/version.ts';
import { ARC_ARGUMENTS } from '../cli/arc-arguments.ts';
import { ARC_RULES } from './support/arc-permissions.ts';
import type { CrashScene } from './support/crash-scene.ts';
import { openCrashScene } from './support/crash-scene.ts';
import type { Installation } from './support/image.ts';
import { install } from './support/image.ts';
import { startScaleSet } from './support/listener-scene.ts';
import { eventually } from './support/scene.ts';
import { suiteServers } from './support/servers.ts';
import { grant, kubeconfigFor } from './support/service-account.ts';

jest.setTimeout(120_000);

const say = (line: string): void => void process.stderr.write(`integration: ${line}\n`);

/** The entry points of the image, as a kubelet starts them with what ARC's charts give. */
const installed: Installation = install(say);
if (installed.missing !== undefined)
  say(`No image is built, and its entry points are started from source: ${installed.missing}`);
const inImage = installed.missing === undefined ? test : test.skip;

const LARGEST = 250_000_000;
/** On a machine that does nothing else it is less than 3; here many things run at once. */
const READY_SECONDS = 20;
const IMAGE = 'registry.example/temporal-arc:test';

let scene: CrashScene;
let runners: Runners;
let folder: string;
let kubeconfig: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'temporal-arc-image-test-'));
  kubeconfig = installed.give('kubeconfig', readFileSync(suiteServers().kubeconfig, 'utf8'));
  runners = await startRunners({ kubeconfig: suiteServers().kubeconfig });
  scene = await openCrashScene('image', suiteServers(), { jitLatencyMs: 0 });
});

afterAll(async () => {
  await scene.close();
  await runners.stop();
  installed.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** What the container has beside its arguments: ARC's variables and Temporal's. */
const environment = (port: number): Record<string, string> => ({
  KUBECONFIG: kubeconfig,
  CONTROLLER_MANAGER_POD_NAMESPACE: scene.namespace,
  CONTROLLER_MANAGER_CONTAINER_IMAGE: IMAGE,
  TEMPORAL_ADDRESS: suiteServers().temporalAddress,
  TEMPORAL_ARC_CLUSTER: scene.cluster,
  TEMPORAL_ARC_WATCH_NAMESPACE: scene.namespace,
  TEMPORAL_ARC_HEALTH_PROBE_BIND_ADDRESS: `:${port}`,
});

let starts = 0;

function start(program: string, args: readonly string[], env: Record<string, string>): RunningProcess {
  starts += 1;
  const logFile = join(folder, `${starts}.log`);
  return launch({ name: program, ...installed.run(program, args, env), logFile, graceMs: 15_000 });
}

const logs = (): string[] =>
  Array.from({ length: starts }, (_, index) => readFileSync(join(folder, `${index + 1}.log`), 'utf8'));

/** Ends the program itself: what holds its namespaces passes no signal on. */
async function terminate({ pid, exited }: RunningProcess): Promise<number | null> {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  const isHolder = readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'unshare';
  process.kill(isHolder ? Number(children[0]) : pid, 'SIGTERM');
  return (await exited).code;
}

/** Of any process of this machine; `''` if it is gone by now. */
function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** Runs to its end. */
function outcome(program: string, args: readonly string[], env: Record<string, string> = {}) {
  const { command, args: all, env: environment } = installed.run(program, args, env);
  try {
    const stdout = execFileSync(command, all, { env: environment, encoding: 'utf8', stdio: 'pipe' });
    return { code: 0, stdout, stderr: '' };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { code: status, stdout, stderr };
  }
}

async function untilReady(manager: RunningProcess, port: number): Promise<number> {
  const began = Date.now();
  await manager.alive(untilServed(port));
  return (Date.now() - began) / 1000;
}

const untilServed = (port: number, path = 'readyz'): Promise<void> =>
  waitUntil('The manager', async () => (await fetch(`http://127.0.0.1:${port}/${path}`)).ok, { everyMs: 20 });

inImage('the image is small, and says where it comes from and whom it runs as', () => {
  const { size = 0, buildSeconds, config } = installed;
  say(`the image has ${(size / 1e6).toFixed(0)} MB and took ${buildSeconds ?? 0} s to build`);
  expect(size).toBeGreaterThan(100_000_000);
  expect(size).toBeLessThan(LARGEST);
  expect(config).toMatchObject({ User: '65532:65532', Entrypoint: ['/manager'] });
  expect(config?.Labels).toMatchObject({
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.licenses': 'Apache-2.0',
    'org.opencontainers.image.revision': expect.stringMatching(/^[0-9a-f]{40}(-dirty)?$|^unknown$/),
    'org.opencontainers.image.source': expect.any(String),
  });
});

inImage('it may write below /tmp alone, as nobody in particular, and holds nothing to build with', () => {
  const script = `
    const fs = require('node:fs');
    const writable = ['/', '/app', '/etc', '/usr/local/bin', '/home/nonroot', '/tmp'].filter((folder) => {
      try { fs.writeFileSync(folder + '/x', ''); return true; } catch { return false; }
    });
    const there = (path) => fs.existsSync(path);
    console.log(JSON.stringify({
      user: [process.getuid(), process.getgid()],
      pid: process.pid,
      writable,
      bridges: fs.readdirSync('/app/node_modules/@temporalio/core-bridge/releases').length,
      unwanted: ['/app/src', '/app/node_modules/typescript', '/app/node_modules/@swc', '/app/node_modules/jest', '/usr/bin/gcc', '/usr/local/bin/npm', '/bin/sh'].filter(there),
      wanted: ['/app/dist/workflow-bundle.cjs', '/app/sbom.cdx.json', '/app/LICENSE', '/etc/ssl/certs/ca-certificates.crt'].filter(there).length,
    }));`;
  const { stdout } = outcome('/usr/local/bin/node', ['-e', script]);
  expect(JSON.parse(stdout)).toEqual({
    user: [65532, 65532],
    pid: 1,
    writable: ['/tmp'],
    bridges: 1,
    unwanted: [],
    wanted: 4,
  });
});

test('temporal-arc tells its version', () => {
  expect(outcome('/usr/local/bin/temporal-arc', ['version'])).toEqual({
    code: 0,
    stdout: expect.stringContaining(`temporal-arc ${version} (`),
    stderr: '',
  });
});

test("temporal-arc crds apply, the charts' hook, brings the CRDs up to date", () => {
  const { code, stdout, stderr } = outcome('/usr/local/bin/temporal-arc', ['crds', 'apply'], {
    KUBECONFIG: kubeconfig,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('autoscalingrunnersets.actions.github.com');
});

test.each(ARC_ARGUMENTS)('/manager with the arguments of ARC %s becomes ready', async (_title, given) => {
  const port = await freePort();
  const args = given.map((arg) => arg.replace('NAMESPACE', scene.namespace).replace('PORT', String(port)));
  const manager = start('/manager', args, environment(port));
  const seconds = await untilReady(manager, port);
  say(`/manager was ready after ${seconds.toFixed(1)} s`);
  expect(seconds).toBeLessThan(READY_SECONDS);
  if (given.includes('--metrics-addr=:PORT'))
    expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain('gha_controller_');
  const began = Date.now();
  expect(await terminate(manager)).toBe(0);
  // The chart gives it 10 seconds.
  expect(Date.now() - began).toBeLessThan(10_000);
});

test('/manager runs with the memory settings', async () => {
  const port = await freePort();
  const manager = start('/manager', ARC_ARGUMENTS[0]![1], environment(port));
  await untilReady(manager, port);
  const lines = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(commandLineOf);
  expect(lines).toContainEqual(
    expect.stringMatching(new RegExp(`--heap-growing-percent=\\d+ \\S*manager .*--metrics-addr=0`)),
  );
  await terminate(manager);
});

test('/manager that is told to end while it starts does so at once', async () => {
  const port = await freePort();
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port: temporal } = silent.address() as AddressInfo;
  const env = { ...environment(port), TEMPORAL_ADDRESS: `127.0.0.1:${temporal}` };
  const manager = start('/manager', ARC_ARGUMENTS[0]![1], env);
  await manager.alive(untilServed(port, 'healthz'));
  const began = Date.now();
  const code = await terminate(manager);
  expect([143, null]).toContain(code);
  expect(Date.now() - began).toBeLessThan(2_000);
  silent.close();
});

test.each([
  ['/manager', [], 2, '--auto-scaling-runner-set-only: without it'],
  ['/manager', ['--auto-scaling-runner-set-only', '--docker-image=docker:dind'], 2, 'legacy mode'],
  ['/ghalistener', [], 2, 'LISTENER_CONFIG_PATH: it is not set'],
] as const)('%s %j ends with exit code %i', (program, args, code, message) => {
  const ended = outcome(program, args);
  expect(ended).toMatchObject({ code, stderr: expect.stringContaining(message) });
});

/** A kubeconfig of an account, where the program sees it. */
async function accountKubeconfig(name: string, file: string): Promise<string> {
  const path = await kubeconfigFor({ namespace: scene.namespace, name }, suiteServers().kubeconfig);
  const given = installed.give(file, readFileSync(path, 'utf8'));
  rmSync(dirname(path), { recursive: true });
  return given;
}

test("with ARC's permissions, /manager makes a listener's pod, and /ghalistener in it has jobs run", async () => {
  const account = { namespace: scene.namespace, name: 'arc' };
  await scene.kubernetes.create(serviceAccounts, scene.namespace, { metadata: { name: account.name } });
  await grant(scene.kubernetes, account, scene.namespace, ARC_RULES);
  const port = await freePort();
  const manager = start('/manager', ARC_ARGUMENTS[0]![1], {
    ...environment(port),
    KUBECONFIG: await accountKubeconfig(account.name, 'arc'),
    TEMPORAL_ARC_LISTENER_MODE: 'pod',
  });
  await manager.alive(untilServed(port));
  const demo = await startScaleSet(scene, 'image', { maxRunners: 3 }, { ready: false });
  const key = { namespace: scene.namespace, name: demo.listenerName };
  const { spec } = await manager.alive(eventually(() => scene.kubernetes.get(pods, key)));
  const [container] = spec?.containers ?? [];
  expect(container).toMatchObject({ image: IMAGE, command: ['/ghalistener'] });
  const { data } = await scene.kubernetes.get(secrets, { ...key, name: `${demo.listenerName}-config` });
  const config = Buffer.from(data?.['config.json'] ?? '', 'base64').toString();
  const listener = start(container?.command?.[0] ?? '', container?.args ?? [], {
    ...Object.fromEntries((container?.env ?? []).map(({ name, value = '' }) => [name, value])),
    LISTENER_CONFIG_PATH: installed.give('config.json', config),
    KUBECONFIG: await accountKubeconfig(spec?.serviceAccountName ?? '', 'listener'),
  });
  const listening = eventually(async () =>
    expect(await demo.ready()).toMatchObject({ status: 'True', reason: 'Listening' }),
  );
  await listener.alive(listening);
  scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 3, durationMs: 200 });
  await listener.alive(eventually(() => expect(demo.jobs('completed')).toHaveLength(3)));
  await demo.remove();
  await manager.alive(eventually(async () => expect(await demo.exists()).toBe(false)));
  // Nobody deletes its pod here: a kubelet would have told it.
  expect(await terminate(listener)).toBe(0);
  expect(await terminate(manager)).toBe(0);
  for (const text of logs()) expect(text).not.toContain(scene.github.token);
}, 180_000);
