import { execFile } from 'node:child_process';
import { jest } from '@jest/globals';
import { stringify } from 'yaml';
import { ensureTools } from '../../dev/toolchain/toolchain.ts';
import type { KubernetesObject } from '../../src/kubernetes/client/resources.ts';
import {
  autoscalingRunnerSets,
  ephemeralRunnerSets,
  secrets,
} from '../../src/kubernetes/client/resources.ts';
import type { Rendered } from './charts/cases.ts';
import { render } from './charts/helm.ts';
import { ScaleSet } from './support/scale-set-scene.ts';
import type { Scene } from './support/scene.ts';
import { TOKEN_SECRET, eventually, startScene } from './support/scene.ts';
import { suiteServers } from './support/servers.ts';

/** A scale set that a tool such as Argo CD or Flux keeps as Git has it, while the workers do their part. */

jest.setTimeout(180_000);

let scene: Scene;
let tools: { helm: string; kubectl: string };

beforeAll(async () => {
  tools = await ensureTools(['helm', 'kubectl']);
  scene = await startScene('gitops');
});

afterAll(async () => {
  await scene.clear();
  await scene.stop();
});

const TRACKING = {
  'argocd.argoproj.io/tracking-id': 'runners:actions.github.com/AutoscalingRunnerSet:x/fleet',
};

const rendered = (values: object = {}): Promise<Rendered[]> =>
  render(tools.helm, {
    ...{ name: 'fleet', chart: 'scale-set', release: 'fleet', kubernetes: '1.33.0' },
    namespace: scene.namespace,
    values: {
      githubConfigUrl: scene.github.configUrl('octo/app'),
      githubConfigSecret: TOKEN_SECRET,
      ...{ minRunners: 1, maxRunners: 3, annotations: TRACKING },
      controllerServiceAccount: { name: 'worker', namespace: scene.namespace },
      ...values,
    },
  });

/** What kubectl says; it exits with 1 when there is a difference, or a conflict. */
function kubectl(
  args: readonly string[],
  objects: readonly Rendered[],
): Promise<{ code: number; out: string }> {
  const common = ['--kubeconfig', suiteServers().kubeconfig, '--namespace', scene.namespace];
  return new Promise((resolve) => {
    const child = execFile(tools.kubectl, [...common, ...args, '-f', '-'], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, out: `${stdout}${stderr}` }),
    );
    child.stdin?.end(objects.map((object) => stringify(object)).join('---\n'));
  });
}

const MANAGER = '--field-manager=gitops';

/** As kustomize's kstatus reads an object of a kind that it does not know. */
function kstatus({ metadata, status }: WithConditions): string {
  const { generation, deletionTimestamp } = metadata as { generation?: number; deletionTimestamp?: string };
  const holds = (type: string) => status?.conditions?.find((condition) => condition.type === type)?.status;
  if (deletionTimestamp !== undefined) return 'Terminating';
  if (status?.observedGeneration !== undefined && status.observedGeneration !== generation)
    return 'InProgress';
  if (holds('Reconciling') === 'True') return 'InProgress';
  if (holds('Stalled') === 'True') return 'Failed';
  const ready = holds('Ready');
  return ready === undefined || ready === 'True' ? 'Current' : 'InProgress';
}

interface WithConditions extends Pick<KubernetesObject, 'metadata'> {
  status?:
    | { observedGeneration?: number | undefined; conditions?: { type: string; status: string }[] | undefined }
    | undefined;
}

test('what a tool applied by the server stays its own, and what the workers write is no difference to it', async () => {
  const objects = await rendered();
  expect(await kubectl(['apply', '--server-side', MANAGER], objects)).toMatchObject({ code: 0 });
  const fleet = new ScaleSet(scene, 'fleet');
  const { set, listener } = await fleet.running();
  await (await fleet.runners()).ready(1);
  await eventually(async () => expect(kstatus(await fleet.read())).toBe('Current'));

  expect(await kubectl(['diff', '--server-side', MANAGER], objects)).toEqual({ code: 0, out: '' });
  const again = await kubectl(['apply', '--server-side', MANAGER], objects);
  expect(again).toMatchObject({ code: 0, out: expect.not.stringContaining('conflict') });

  // By the annotation, Argo CD tells its own from what was made of it.
  for (const child of [set, listener])
    expect(Object.keys(child.metadata.annotations ?? {})).not.toEqual(
      expect.arrayContaining(Object.keys(TRACKING)),
    );
  for (const child of [set, listener]) expect(kstatus(child as WithConditions)).toMatch(/Current|InProgress/);
});

test('a change is taken, and is not done before the workers have seen it', async () => {
  const fleet = new ScaleSet(scene, 'fleet');
  const before = (await fleet.read()).metadata.generation ?? 0;
  const objects = await rendered({ minRunners: 2 });
  expect(await kubectl(['apply', '--server-side', MANAGER], objects)).toMatchObject({ code: 0 });
  await (await fleet.runners()).ready(2);
  await eventually(async () => {
    const object = await fleet.read();
    expect(object.metadata.generation).toBeGreaterThan(before);
    expect(object.status).toMatchObject({ observedGeneration: object.metadata.generation });
    expect(kstatus(object)).toBe('Current');
  });
  expect(await kubectl(['diff', '--server-side', MANAGER], objects)).toEqual({ code: 0, out: '' });
});

test('what only a person can repair has failed; repaired, it is current by itself', async () => {
  const secret = { namespace: scene.namespace, name: 'by-hand' };
  const values = { githubConfigSecret: secret.name, runnerScaleSetName: 'broken', minRunners: 0 };
  await kubectl(['apply', '--server-side', MANAGER], await rendered(values));
  const broken = new ScaleSet(scene, 'broken');
  await eventually(async () => {
    expect(kstatus(await broken.read())).toBe('Failed');
    expect(await broken.condition('Stalled')).toMatchObject({ status: 'True', reason: 'SecretNotFound' });
  });
  const { data = {} } = await scene.kubernetes.get(secrets, { ...secret, name: TOKEN_SECRET });
  await scene.kubernetes.create(secrets, secret.namespace, { metadata: { name: secret.name }, data });
  await eventually(async () => expect(kstatus(await broken.read())).toBe('Current'));
  const sets = await broken.runnerSets();
  await eventually(async () => {
    const [set] = sets;
    const object = await scene.kubernetes.get(ephemeralRunnerSets, {
      ...secret,
      name: set?.metadata.name ?? '',
    });
    expect(kstatus(object)).toBe('Current');
  });
});

test('a deletion in the foreground ends when all is gone, at GitHub as well', async () => {
  const fleet = new ScaleSet(scene, 'fleet');
  const { code } = await kubectl(['delete', '--cascade=foreground', '--timeout=60s'], await rendered());
  expect(code).toBe(0);
  expect(await fleet.exists()).toBe(false);
  expect(fleet.atGitHub()).toBeUndefined();
  const { items } = await scene.kubernetes.list(autoscalingRunnerSets, { namespace: scene.namespace });
  expect(items.map(({ metadata }) => metadata.name)).toEqual(['broken']);
});
