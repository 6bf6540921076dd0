import { execFile } from 'node:child_process';
import type { ExecFileException } from 'node:child_process';
import { ensureTools } from '../../dev/toolchain/toolchain.ts';
import type { Crd } from '../../src/api/crd.ts';
import type { EphemeralRunnerSet } from '../../src/api/v1alpha1/ephemeral-runner-set.ts';
import type { EphemeralRunner } from '../../src/api/v1alpha1/ephemeral-runner.ts';
import { API_VERSION, KINDS, PLURALS } from '../../src/api/v1alpha1/group.ts';
import { revisionOf } from '../../src/api/revision.ts';
import { minimalScaleSet, runner, runnerSet, samples } from '../api/samples.ts';
import { freshNamespace, suiteServers } from './support/servers.ts';
import type { FreshNamespace } from './support/servers.ts';

let namespace: FreshNamespace;
let kubectlPath: string;

beforeAll(async () => {
  ({ kubectl: kubectlPath } = await ensureTools(['kubectl']));
  namespace = await freshNamespace('crds');
});

afterAll(() => namespace.remove());

/** Runs kubectl in this file's namespace; what it prints on failure is the error's message. */
function kubectl(args: readonly string[], input?: object): Promise<string> {
  const common = ['--kubeconfig', suiteServers().kubeconfig, '--namespace', namespace.name];
  return new Promise((resolve, reject) => {
    const answered = (error: ExecFileException | null, stdout: string, stderr: string): void => {
      if (error) reject(new Error(stderr, { cause: error }));
      else resolve(stdout);
    };
    const child = execFile(kubectlPath, [...common, ...args], { maxBuffer: 16 << 20 }, answered);
    child.stdin?.end(input && JSON.stringify(input));
  });
}

const kubectlJson = async <T>(args: readonly string[], input?: object): Promise<T> =>
  JSON.parse(await kubectl([...args, '-o', 'json'], input)) as T;

const create = <T extends object>(resource: T, ...more: string[]): Promise<T> =>
  kubectlJson<T>(['create', '-f', '-', ...more], resource);

/** Creates it, without keeping it. */
const tryOut = <T extends object>(resource: T): Promise<T> => create(resource, '--dry-run=server');

const patchStatus = (resource: string, status: object): Promise<string> =>
  kubectl(['patch', resource, '--subresource=status', '--type=merge', '-p', JSON.stringify({ status })]);

describe.each(KINDS)('the CRD of %s', (kind) => {
  it('is served, and structural', async () => {
    type Served = Crd & { status: { conditions: { type: string; status: string }[] } };
    const { status } = await kubectlJson<Served>(['get', 'crd', `${PLURALS[kind]}.actions.github.com`]);
    const conditions = Object.fromEntries(status.conditions.map(({ type, status: holds }) => [type, holds]));
    expect(conditions).toEqual({ NamesAccepted: 'True', Established: 'True' });
  });
});

describe('the API server', () => {
  it.each(samples.map((sample) => [sample.kind, sample.metadata.name ?? '', sample] as const))(
    'keeps all of a good %s, %s',
    async (_kind, _name, sample) => {
      const { spec } = await create<{ spec: object }>(sample);
      expect(spec).toMatchObject(JSON.parse(JSON.stringify(sample.spec)) as object);
    },
  );

  const runnerWith = (container: object, pod: object = {}) => ({
    apiVersion: API_VERSION,
    kind: 'EphemeralRunner',
    metadata: { name: 'tried' },
    spec: { ...runner.spec, spec: { ...pod, containers: [{ name: 'runner', ...container }] } },
  });

  it.each([
    ['whole numbers as quantities', runnerWith({ resources: { limits: { cpu: 2, memory: 1073741824 } } })],
    [
      'names and numbers of ports',
      runnerWith({
        livenessProbe: { httpGet: { port: 'http' } },
        readinessProbe: { tcpSocket: { port: 80 } },
      }),
    ],
    ['an empty name of a Secret', runnerWith({ envFrom: [{ secretRef: { name: null } }] })],
    [
      'words that only a pod is judged by',
      runnerWith({ imagePullPolicy: 'Sometimes' }, { restartPolicy: 'Perhaps' }),
    ],
    ['a claim named twice', runnerWith({ resources: { claims: [{ name: 'gpu' }, { name: 'gpu' }] } })],
    ['fields of earlier pods', runnerWith({}, { workloadRef: { name: 'w', podGroup: 'g' } })],
    [
      'null for absent',
      {
        ...minimalScaleSet,
        metadata: { name: 'tried' },
        spec: { ...minimalScaleSet.spec, maxRunners: null, listenerTemplate: null },
      },
    ],
    ['a set without patchID', { ...runnerSet, metadata: { name: 'tried' }, spec: { replicas: 1 } }],
    ['a scale set without limits', { ...minimalScaleSet, metadata: { name: 'tried' }, spec: {} }],
  ])('takes %s, as with ARC', async (_what, resource) => {
    await expect(tryOut(resource)).resolves.toMatchObject({ metadata: { name: 'tried' } });
  });

  const scaleSetWith = (spec: object) => ({
    ...minimalScaleSet,
    metadata: { name: 'tried' },
    spec: { ...minimalScaleSet.spec, ...spec },
  });

  it.each([
    ['spec.template.spec.containers', 'Required value', scaleSetWith({ template: { spec: {} } })],
    ['spec.minRunners', 'should be greater than or equal to 0', scaleSetWith({ minRunners: -1 })],
    ['spec.maxRunners', 'must be of type integer', scaleSetWith({ maxRunners: 'many' })],
    ['spec.runnerScaleSetLabels', 'must be of type array', scaleSetWith({ runnerScaleSetLabels: 'linux' })],
    [
      'spec.vaultConfig.azureKeyVault.url',
      'Required value',
      scaleSetWith({
        vaultConfig: { azureKeyVault: { tenantId: 't', clientId: 'c', certificatePath: 'p' } },
      }),
    ],
    [
      'spec.spec.containers[0].resources.limits.cpu',
      'should match',
      runnerWith({ resources: { limits: { cpu: 'many' } } }),
    ],
    [
      'spec.spec.containers[0].ports[0].containerPort',
      'must be of type integer',
      runnerWith({ ports: [{ containerPort: 'http' }] }),
    ],
    [
      'spec.spec.containers[0].ports[1]',
      'Duplicate value',
      runnerWith({ ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'TCP' }] }),
    ],
    [
      'spec.runnerScaleSetId',
      'Required value',
      { ...runner, metadata: { name: 'tried' }, spec: { ...runner.spec, runnerScaleSetId: undefined } },
    ],
  ])('refuses a bad %s and names it', async (field, reason, resource) => {
    const refusal = tryOut(resource);
    await expect(refusal).rejects.toThrow(field);
    await expect(refusal).rejects.toThrow(reason);
  });

  it('gives a set and a runner made from it the same revision', async () => {
    const [set, made] = await Promise.all([
      kubectlJson<EphemeralRunnerSet>(['get', 'ers', runnerSet.metadata.name!]),
      kubectlJson<EphemeralRunner>(['get', 'er', runner.metadata.name!]),
    ]);
    expect(revisionOf(made.spec)).toBe(revisionOf(set.spec.ephemeralRunnerSpec!));
  });
});

describe('the status', () => {
  const condition = {
    type: 'Ready',
    status: 'True',
    reason: 'Tried',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };

  it.each([
    [
      'ars/maximal',
      { currentRunners: 2, phase: 'Running', state: 'Running' },
      ['MINIMUM RUNNERS', 'FAILED RUNNERS', 'READY', 'AGE'],
    ],
    [
      'ers/octo-runners',
      { currentReplicas: 2, phase: 'Running' },
      ['DESIREDREPLICAS', 'FAILED RUNNERS', 'READY', 'AGE'],
    ],
    [
      'er/octo-runners-runner-bcdfg',
      { runnerId: 41, jobRepositoryName: 'octo/repo', workflowRunId: 9_007_199_254_740_991 },
      ['RUNNERID', 'READY', 'JOBREPOSITORY', 'AGE'],
    ],
    ['al/octo-listener', {}, ['GITHUB CONFIGURE URL', 'AUTOSCALINGRUNNERSET NAME', 'READY', 'AGE']],
  ])('of %s is written on its own and shows in the columns', async (resource, status, columns) => {
    await patchStatus(resource, { ...status, conditions: [condition] });
    await expect(kubectlJson(['get', resource])).resolves.toMatchObject({ status });
    const table = await kubectl(['get', resource]);
    const [header = '', row = ''] = table.split('\n');
    for (const column of columns) expect(header).toContain(column);
    expect(row).toMatch(/\bTrue\b/);
    expect(row).not.toMatch(/<(none|unknown|invalid)>/);
    for (const value of Object.values(status)) expect(row).toContain(String(value));
  });

  it('holds one condition of each type', async () => {
    const twice = patchStatus('al/octo-listener', {
      conditions: [condition, { ...condition, status: 'False' }],
    });
    await expect(twice).rejects.toThrow('status.conditions[1]: Duplicate value');
  });

  it('keeps what an older ARC wrote', async () => {
    await patchStatus('er/octo-runners-runner-bcdfg', { runnerJITConfig: 'written-before' });
    const { status } = await kubectlJson<EphemeralRunner>(['get', 'er/octo-runners-runner-bcdfg']);
    expect(status?.runnerJITConfig).toBe('written-before');
  });
});

describe('the scale subresource', () => {
  interface Scale {
    spec: { replicas: number };
    status: { replicas: number };
  }

  it('sets the replicas of a set, and tells the current ones', async () => {
    await patchStatus('ers/octo-runners', { currentReplicas: 2 });
    await kubectl(['scale', 'ers/octo-runners', '--replicas=9']);
    const { spec } = await kubectlJson<EphemeralRunnerSet>(['get', 'ers/octo-runners']);
    expect(spec.replicas).toBe(9);
    const scale = await kubectlJson<Scale>(['get', 'ers/octo-runners', '--subresource=scale']);
    expect([scale.spec.replicas, scale.status.replicas]).toEqual([9, 2]);
  });
});
