import { jest } from '@jest/globals';
import type { Rule } from '../../dev/runner/rules.ts';
import type { RunnerSet, Scene } from './support/scene.ts';
import { eventually, podTemplate, startScene } from './support/scene.ts';

/** Pods that wait for what only a person can give: the grace, the words of the kubelet, and on it goes. Side by side. */

jest.setTimeout(180_000);

let scene: Scene;

/** So many fail before one at a time is tried, and the set's condition says why. */
const FAILURES = 3;

beforeAll(async () => {
  scene = await startScene('stuck-pods', {
    settings: { imageErrorGraceSeconds: 2, maxConsecutiveFailures: FAILURES, pendingTimeoutSeconds: 90 },
  });
  for (const [name, { rule }] of rows) {
    scene.runners.rules.add({ namespace: scene.namespace, set: name, ...rule });
    sets.set(name, await scene.createSet(name, { replicas: 1, runner: { spec: template } }));
  }
}, 180_000);
afterAll(() => scene.stop(), 120_000);

const sets = new Map<string, RunnerSet>();

const template = podTemplate({
  initContainers: [
    { name: 'prepare', image: 'prepare:1' },
    { name: 'dind', image: 'dind:1', restartPolicy: 'Always' },
  ],
});

interface Row {
  rule: Rule;
  /** What the Event and the conditions say. */
  says: string;
}

const waits = (reason: string, container = 'runner'): [string, Row] => [
  `${reason.toLowerCase().slice(0, 30)}-${container}`,
  { rule: { waiting: reason, container }, says: `${reason}: container "${container}": ${reason}: stand-in` },
];

const mount = (name: string, message: string): [string, Row] => [
  `mount-${name}`,
  { rule: { failedMount: message }, says: `FailedMount: ${message}` },
];

const rows: [name: string, Row][] = [
  ...[
    'CreateContainerConfigError',
    'CreateContainerError',
    'ErrImageNeverPull',
    'ErrImagePull',
    'ImageInspectError',
    'ImagePullBackOff',
    'InvalidImageName',
    'PostStartHookError',
    'PreCreateHookError',
    'RegistryUnavailable',
    'RunContainerError',
    'SignatureValidationFailed',
    'ReasonOfTheFuture',
  ].map((reason) => waits(reason)),
  ...['CreateContainerConfigError', 'ImagePullBackOff', 'RunContainerError'].map((reason) =>
    waits(reason, 'dind'),
  ),
  waits('CrashLoopBackOff', 'dind'),
  waits('PostStartHookError', 'dind'),
  mount('secret', 'MountVolume.SetUp failed for volume "keys" : secret "missing" not found'),
  mount('configmap', 'MountVolume.SetUp failed for volume "config" : configmap "missing" not found'),
  mount('key', 'MountVolume.SetUp failed for volume "keys" : references non-existent secret key: token'),
  [
    'side-car',
    {
      rule: { unstarted: 'dind', restarts: 2 },
      says: 'SideCarNotStarted: container "dind" was restarted 2 times and has not started (Error, exit code 137)',
    },
  ],
];

it.each(rows)('%s: the Event and the conditions say why', async (name, { says }) => {
  const set = sets.get(name)!;
  await eventually(async () => {
    const [event] = await set.events('RunnerFailed');
    expect(event?.message).toMatch(/-runner-\w{5}: /);
    expect(event?.message).toContain(says);
    for (const type of ['Ready', 'CreationBlocked'])
      expect(await set.condition(type)).toMatchObject({
        ...{ status: type === 'Ready' ? 'False' : 'True', reason: 'RunnersFailing' },
        message: expect.stringContaining(says.replace(': ', ' ')),
      });
  });
});

it('all have their runner once it is repaired, and no registration is left', async () => {
  scene.runners.rules.clear();
  await eventually(() => {
    const missing = rows.filter(([name]) => sets.get(name)!.onlineNames().length !== 1);
    expect(missing.map(([name]) => name)).toEqual([]);
  }, 90_000);
  await eventually(() => expect(scene.github.admin.runners()).toHaveLength(rows.length));
});

it('a runner that waits says so itself, within its grace', async () => {
  scene.runners.rules.add({
    namespace: scene.namespace,
    set: 'says',
    waiting: 'ErrImageNeverPull',
    times: 1,
  });
  const set = await scene.createSet('says', { replicas: 1 });
  await eventually(async () => {
    const [runner] = await set.runners();
    expect(runner?.status).toMatchObject({
      ...{ phase: 'Pending', reason: 'ErrImageNeverPull' },
      message: 'container "runner": ErrImageNeverPull: stand-in',
    });
  });
});
