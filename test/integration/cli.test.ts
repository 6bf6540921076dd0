import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { jest } from '@jest/globals';
import { COMMAND_PERMISSIONS } from '../../src/kubernetes/permissions.ts';
import { pauseSignal, pauseUpdate, resumeUpdate } from '../../src/messages/ephemeral-runner-set.ts';
import { eventually, startScene } from './support/scene.ts';
import type { RunnerSet, Scene } from './support/scene.ts';
import { createScaleSet } from './support/scale-set-scene.ts';
import { suiteServers } from './support/servers.ts';
import { grant, serviceAccountKubeconfig } from './support/service-account.ts';

jest.setTimeout(180_000);

/** The command against a live worker, as a person types it who may do what docs/permissions.md says. */
let scene: Scene;
let set: RunnerSet;
let kubeconfig: string;

const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

function arc(...args: string[]): Promise<Outcome> {
  const env = {
    ...process.env,
    KUBECONFIG: kubeconfig,
    TEMPORAL_ADDRESS: suiteServers().temporalAddress,
    TEMPORAL_NAMESPACE: scene.temporal.options.namespace,
    TEMPORAL_ARC_CLUSTER: scene.cluster,
  };
  return new Promise((resolve) => {
    const all = [main, ...args, '--namespace', scene.namespace];
    execFile(process.execPath, all, { env }, (error, stdout, stderr) => {
      resolve({ exitCode: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

beforeAll(async () => {
  scene = await startScene('cli');
  const person = { namespace: scene.namespace, name: 'person' };
  kubeconfig = await serviceAccountKubeconfig(scene.kubernetes, person, suiteServers().kubeconfig);
  const rules = COMMAND_PERMISSIONS.map(({ group, resource, verbs }) => ({
    ...{ apiGroups: [group], resources: [resource], verbs: [...verbs] },
  }));
  await grant(scene.kubernetes, person, scene.namespace, rules);
  set = await scene.createSet('demo');
  await set.ready(0);
});

afterAll(async () => {
  await scene.clear();
  await scene.stop();
  rmSync(dirname(kubeconfig), { recursive: true });
});

test('scale --wait sets what is wanted and returns when it is there', async () => {
  const { exitCode, stdout, stderr } = await arc(
    'scale',
    'demo',
    '--replicas',
    '3',
    '--wait',
    '--timeout',
    '60s',
  );
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  expect(stdout).toMatch(/3/);
  expect(await set.names()).toHaveLength(3);
  expect((await set.read()).spec.replicas).toBe(3);
});

test('get lists the set for people and for programs', async () => {
  await set.ready(3);
  const table = await arc('get');
  expect(table.stdout).toMatch(/NAME.*DESIRED.*CURRENT/);
  expect(table.stdout).toMatch(/demo +3 +3/);
  const json = JSON.parse((await arc('get', '-o', 'json')).stdout) as unknown;
  expect(JSON.stringify(json)).toContain('"demo"');
});

test('describe joins what Kubernetes and Temporal know', async () => {
  const { exitCode, stdout } = await arc('describe', 'demo');
  expect(exitCode).toBe(0);
  expect(stdout).toContain(`${scene.cluster}/ephemeralrunnerset/${scene.namespace}/demo`);
  for (const name of await set.names()) expect(stdout).toContain(name);
  expect(stdout).toContain('CreationBlocked');
});

test('pause and resume', async () => {
  expect((await arc('pause', 'demo')).exitCode).toBe(0);
  await eventually(async () => expect(await set.condition('Paused')).toMatchObject({ status: 'True' }));
  expect((await arc('resume', 'demo')).exitCode).toBe(0);
  await eventually(async () => expect(await set.condition('Paused')).toMatchObject({ status: 'False' }));
});

describe('a scale set', () => {
  test('is paused with its runner set and its listener, and takes jobs again when resumed', async () => {
    const fleet = await createScaleSet(scene, 'fleet', { minRunners: 1, maxRunners: 5 });
    const runners = await fleet.runners();
    const names = await runners.ready(1);
    const open = fleet.atGitHub()?.capacity;

    expect(await arc('pause', 'fleet')).toEqual({
      exitCode: 0,
      stdout: `AutoscalingRunnerSet ${scene.namespace}/fleet paused\n`,
      stderr: '',
    });
    await eventually(async () => {
      expect(await fleet.condition('Paused')).toMatchObject({ status: 'True', reason: 'PausedByAnnotation' });
      expect(await runners.condition('Paused')).toMatchObject({ status: 'True' });
      expect(fleet.atGitHub()?.capacity).toBe(0);
    });
    expect((await arc('get')).stdout).toMatch(/fleet +1 +1 .*,Paused/);
    expect((await arc('describe', 'fleet')).stdout).toContain('yes, with its AutoscalingRunnerSet;');
    const [job] = scene.github.admin.queueJobs({ scaleSetId: runners.scaleSetId, durationMs: 50 });

    expect((await arc('resume', 'fleet')).exitCode).toBe(0);
    await eventually(async () => {
      expect(await fleet.condition('Paused')).toMatchObject({ status: 'False' });
      expect(await runners.condition('Paused')).toMatchObject({ status: 'False' });
      expect(fleet.atGitHub()?.capacity).toBe(open);
      expect(scene.job(job!.jobId)).toMatchObject({ state: 'completed', runnerName: names[0] });
    });
  });

  test('whose runner set was paused by itself says so, and is resumed with it', async () => {
    const solo = await createScaleSet(scene, 'solo');
    const runners = await solo.runners();
    expect(await runners.workflow().executeUpdate(pauseUpdate)).toEqual({ paused: true });
    await eventually(async () => {
      expect(await solo.condition('Paused')).toMatchObject({ status: 'True', reason: 'RunnerSetPaused' });
      expect(solo.atGitHub()?.capacity).toBe(0);
    });
    // Neither a pause of the scale set nor its end takes the other away.
    await solo.workflow().signal(pauseSignal);
    await eventually(async () =>
      expect(await solo.condition('Paused')).toMatchObject({ reason: 'PausedByAnnotation' }),
    );
    expect(await solo.workflow().executeUpdate(resumeUpdate)).toEqual({ paused: false });
    await eventually(async () =>
      expect(await solo.condition('Paused')).toMatchObject({ reason: 'RunnerSetPaused' }),
    );

    const { stdout } = await arc('resume', 'solo');
    expect(stdout).toContain(`EphemeralRunnerSet ${scene.namespace}/solo was paused by itself: resumed too`);
    await eventually(async () => {
      expect(await solo.condition('Paused')).toMatchObject({ status: 'False' });
      expect(solo.atGitHub()?.capacity).toBeGreaterThan(0);
    });
  });
});

test('a set that does not exist: exit code 3 and a remedy', async () => {
  const { exitCode, stderr } = await arc('scale', 'nobody', '--replicas', '1');
  expect(exitCode).toBe(3);
  expect(stderr).toMatch(/nobody/);
});

test('a number that is none: exit code 2, before anything is asked', async () => {
  const { exitCode, stderr } = await arc('scale', 'demo', '--replicas', '-1');
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/replicas/);
});
