import { jest } from '@jest/globals';
import { stringify } from 'yaml';
import { ELSEWHERE, chartSettings, valueOf } from '../../../dev/charts/settings.ts';
import { ensureTools } from '../../../dev/toolchain/toolchain.ts';
import { SETTINGS } from '../../../src/workers/configuration/settings.ts';
import { readConfiguration } from '../../../src/workers/configuration/configuration.ts';
import type { ChartCase, ChartName, Rendered } from './cases.ts';
import { CHARTS, casesOf } from './cases.ts';
import { chartFolder, render, runHelm } from './helm.ts';

/** Helm 3 and Helm 4 with all values files, and what of ours ARC's charts have nothing to compare with. */

jest.setTimeout(60_000);

const charts = Object.keys(CHARTS) as ChartName[];
const cases = charts.flatMap(casesOf);
const good = cases.filter(({ error }) => error === undefined);
const titled = (some: readonly ChartCase[]) => some.map((one) => [`${one.chart}/${one.name}`, one] as const);

let helm: string;
let helm4: string;
beforeAll(async () => {
  ({ helm, helm4 } = await ensureTools(['helm', 'helm4']));
});

it.each(titled(good))('%s: both render the same', async (_title, one) => {
  const [three, four] = await Promise.all([render(helm, one), render(helm4, one)]);
  expect(four).toEqual(three);
});

it.each(titled(cases.filter(({ error }) => error !== undefined)))(
  '%s: Helm 4 refuses it too',
  (_title, one) => expect(render(helm4, one)).rejects.toThrow(one.error),
);

const VALUES: Record<ChartName, object> = {
  controller: {},
  'scale-set': {
    githubConfigUrl: 'https://github.com/actions',
    githubConfigSecret: 'github',
    controllerServiceAccount: { name: 'arc', namespace: 'arc-systems' },
  },
};

it.each(charts)('lint finds nothing against %s', async (chart) => {
  for (const each of [helm, helm4]) {
    const args = ['lint', '--strict', '--values', '-', chartFolder(chart)];
    expect(await runHelm(each, args, stringify(VALUES[chart]))).toContain(
      '1 chart(s) linted, 0 chart(s) failed',
    );
  }
});

const caseNamed = (chart: ChartName, name: string): ChartCase =>
  cases.find((one) => one.chart === chart && one.name === name)!;

/** Renders a case of the controller, and finds an object of it. */
async function found(name: string, kind: string): Promise<Rendered> {
  const objects = await render(helm, caseNamed('controller', name));
  return objects.find((object) => object.kind === kind && !object.metadata.annotations?.['helm.sh/hook'])!;
}

interface Container {
  image: string;
  imagePullPolicy: string;
  env: { name: string; value?: string }[];
}

const deploymentOf = async (name: string) => {
  const { spec } = (await found(name, 'Deployment')) as unknown as {
    spec: {
      replicas?: number;
      template: { spec: { containers: [Container]; terminationGracePeriodSeconds: number } };
    };
  };
  return { ...spec, ...spec.template.spec, container: spec.template.spec.containers[0] };
};

const OURS = /^ghcr\.io\/temporal-arc\/temporal-arc:\d+\.\d+\.\d+$/;

it.each([
  ['defaults', OURS],
  ['ours-image-of-arc', OURS],
  ['ours-image-of-arc-by-digest', OURS],
  ['published-values-0.12.1', OURS],
  ['ours-image-digest', /^registry\.example\.com\/workers@sha256:[0-9a-f]{64}$/],
  ['image', /^registry\.example\.com\/ci\/workers:v1\.2\.3$/],
])('%s: the image', async (name, image) => {
  const { container } = await deploymentOf(name);
  expect(container.image).toMatch(image);
  expect(container.env[0]).toEqual({ name: 'CONTROLLER_MANAGER_CONTAINER_IMAGE', value: container.image });
});

it('imagePullPolicy may stand at the top', async () => {
  expect((await deploymentOf('ours-pull-policy')).container).toMatchObject({
    image: 'temporal-arc:dev',
    imagePullPolicy: 'Never',
  });
});

const settingsOf = async (name: string): Promise<Record<string, string>> =>
  ((await found(name, 'ConfigMap')) as unknown as { data: Record<string, string> }).data;

it('settings reach the workers as they read them', async () => {
  const env = await settingsOf('ours-settings');
  const { configuration } = readConfiguration({ env });
  expect(configuration).toMatchObject({
    runnerCreationConcurrency: 50,
    maxCachedWorkflows: 100_000,
    failureBackoffSeconds: [5, 10, 60],
    watchNamespaces: ['team-a', 'team-b'],
    listenerMode: 'pod',
    shutdownGraceMs: 120_000,
    pendingTimeoutMs: 900_000,
  });
  expect((await deploymentOf('ours-settings')).terminationGracePeriodSeconds).toBe(125);
});

it('each setting has a value of its own in the chart, or stands below settings by the name of its flag', async () => {
  const settings = chartSettings();
  const values = {
    settings: Object.fromEntries(settings.map((one) => [valueOf(one), sampleOf(one.defaultText)])),
  };
  const objects = await render(helm, { ...caseNamed('controller', 'defaults'), values });
  const { data } = objects.find(({ kind }) => kind === 'ConfigMap') as unknown as { data: object };
  expect(Object.keys(data)).toEqual(expect.arrayContaining(settings.map(({ env }) => env)));
  const elsewhere = Object.keys(ELSEWHERE);
  expect(settings.length + elsewhere.length).toBe(Object.keys(SETTINGS).length);
});

const sampleOf = (text: string): unknown => (/^\d+$/.test(text) ? Number(text) : text);

it('Temporal: what is secret stays in its Secret, and env wins', async () => {
  const { container } = await deploymentOf('ours-temporal-mtls');
  expect(container.env.slice(2)).toEqual([
    secretVariable('TEMPORAL_TLS_CLIENT_CERT_DATA', 'temporal-client', 'tls.crt'),
    secretVariable('TEMPORAL_TLS_SERVER_CA_CERT_DATA', 'temporal-ca', 'root.pem'),
    { name: 'TEMPORAL_TLS_CLIENT_KEY_DATA', value: 'mine' },
  ]);
  expect(await settingsOf('ours-temporal-mtls')).toEqual({
    TEMPORAL_ADDRESS: 'temporal.example.com:7233',
    TEMPORAL_NAMESPACE: 'default',
    TEMPORAL_TLS: 'true',
    TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: 'true',
    TEMPORAL_TLS_SERVER_NAME: 'temporal',
  });
  const cloud = await deploymentOf('ours-temporal-cloud');
  expect(cloud.container.env[2]).toEqual(secretVariable('TEMPORAL_API_KEY', 'temporal-api-key', 'api-key'));
});

const secretVariable = (name: string, secret: string, key: string) => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key } },
});

it.each([
  ['defaults', 80, 8081],
  ['metrics', 80, 8080],
  ['health-probes', 80, 8081],
  ['ours-service', 9000, 9091],
])('%s: the Service leads to where metrics are', async (name, port, targetPort) => {
  expect(await found(name, 'Service')).toMatchObject({ spec: { ports: [{ port, targetPort }] } });
});

it('with autoscaling the Deployment says no number', async () => {
  expect((await deploymentOf('ours-autoscaling')).replicas).toBeUndefined();
  expect((await deploymentOf('replicas')).replicas).toBe(3);
});

it('a template that names a volume itself has it once', async () => {
  const objects = await render(helm, caseNamed('scale-set', 'ours-volume-of-the-template-for-tls'));
  expect(objects.find(({ kind }) => kind === 'AutoscalingRunnerSet')).toMatchObject({
    spec: {
      template: { spec: { volumes: [{ name: 'github-server-tls-cert', secret: { secretName: 'mine' } }] } },
    },
  });
});

it('the vault may be described as in the comments of ARC', async () => {
  const objects = await render(helm, caseNamed('scale-set', 'ours-key-vault-as-in-comments'));
  expect(objects.find(({ kind }) => kind === 'AutoscalingRunnerSet')).toMatchObject({
    spec: {
      vaultConfig: {
        azureKeyVault: {
          url: 'https://v.vault.azure.net',
          clientId: 'c',
          tenantId: 't',
          certificatePath: '/akv/cert',
        },
      },
    },
  });
});
