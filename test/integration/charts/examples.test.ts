import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { ensureTools } from '../../../dev/toolchain/toolchain.ts';
import type { ChartName, Rendered } from './cases.ts';
import { CHARTS } from './cases.ts';
import { render } from './helm.ts';

/** What users copy, from temporal/ and docs/examples: rendered with our charts, as the tool that it is for would. */

jest.setTimeout(60_000);

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const documents = <T>(path: string): T[] =>
  parseAllDocuments(read(path)).map((document) => document.toJS({ maxAliasCount: 100 }) as T);

const VERSION = (parse(read('charts/gha-runner-scale-set/Chart.yaml')) as { version: string }).version;

let helm: string;
beforeAll(async () => {
  ({ helm } = await ensureTools(['helm']));
});

/** A release of one of our charts, whoever installs it. */
interface Release {
  release: string;
  namespace: string;
  /** Name of the chart; the tools put its registry before it. */
  chart: string;
  version: string;
  values: Record<string, unknown>;
}

function argocd(): Release[] {
  interface Application {
    metadata: { name: string };
    spec: {
      destination: { namespace: string };
      source: { chart?: string; targetRevision: string; helm?: { valuesObject: Record<string, unknown> } };
    };
  }
  return documents<Application>('docs/examples/argocd/applications.yaml').flatMap(({ metadata, spec }) => {
    const { chart, targetRevision, helm: options } = spec.source;
    if (chart === undefined) return [];
    const { namespace } = spec.destination;
    const values = options?.valuesObject ?? {};
    return [{ release: metadata.name, namespace, chart, version: targetRevision, values }];
  });
}

function flux(): Release[] {
  interface HelmRelease {
    kind: string;
    spec: {
      releaseName: string;
      targetNamespace: string;
      chart: { spec: { chart: string; version: string } };
      values: Record<string, unknown>;
    };
  }
  const releases = documents<HelmRelease>('docs/examples/flux/temporal-arc.yaml');
  return releases
    .filter(({ kind }) => kind === 'HelmRelease')
    .map(({ spec: { releaseName, targetNamespace, chart, values } }) => {
      return { release: releaseName, namespace: targetNamespace, ...chart.spec, values };
    });
}

function helmfile(): Release[] {
  interface Listed extends Omit<Release, 'release' | 'values'> {
    name: string;
    values: Record<string, unknown>[];
  }
  const [file] = documents<{ releases: Listed[] }>('docs/examples/helmfile/helmfile.yaml');
  return (file?.releases ?? []).map(({ name, values, ...listed }) => {
    return { ...listed, release: name, values: Object.assign({}, ...values) as Record<string, unknown> };
  });
}

const renderRelease = (one: Release): Promise<Rendered[]> => {
  const name = one.chart.split('/').at(-1);
  const chart = Object.entries(CHARTS).find(([, title]) => title === name)?.[0] as ChartName;
  return render(helm, { ...one, name: one.release, chart, kubernetes: '1.33.0' });
};

const named = (objects: readonly Rendered[], kind: string): Rendered =>
  objects.find((object) => object.kind === kind)!;

test.each([
  ['Argo CD', argocd],
  ['Flux', flux],
  ['helmfile', helmfile],
])('with %s, a controller and its scale set fit each other and this version', async (_tool, releases) => {
  const both = releases();
  expect(both.map(({ version }) => version)).toEqual([VERSION, VERSION]);
  const [controller, scaleSet] = (await Promise.all(both.map(renderRelease))) as [Rendered[], Rendered[]];
  const account = named(controller, 'ServiceAccount').metadata;
  expect(named(scaleSet, 'AutoscalingRunnerSet')).toMatchObject({
    metadata: { name: 'arc-runner-set', namespace: 'arc-runners' },
    spec: { githubConfigSecret: 'github-credentials', minRunners: 1, maxRunners: 50 },
  });
  expect(named(scaleSet, 'RoleBinding')).toMatchObject({
    subjects: [{ kind: 'ServiceAccount', name: account.name, namespace: account.namespace }],
  });
  expect(scaleSet.map(({ kind }) => kind)).not.toContain('Secret');
});

interface Container {
  command: string[];
  args: string[];
  image: string;
  env: { name: string; value?: string; valueFrom?: { secretKeyRef: { name: string; key: string } } }[];
}

interface Workload extends Rendered {
  spec: { template: { spec: { containers: Container[] } } };
}

/** Variables of the workers: plain ones of the ConfigMap, and from which key of which Secret the others are. */
async function workersWith(values: Record<string, unknown>): Promise<Record<string, string>> {
  const objects = await renderRelease({
    ...{ release: 'arc', namespace: 'arc-systems', version: VERSION },
    ...{ chart: CHARTS.controller, values },
  });
  const settings = objects.find(({ metadata }) => metadata.name.endsWith('-settings')) as Rendered & {
    data: Record<string, string>;
  };
  const { containers } = (named(objects, 'Deployment') as Workload).spec.template.spec;
  const secret = containers[0]!.env.flatMap(({ name, valueFrom }) => {
    const from = valueFrom?.secretKeyRef;
    return from ? [[name, `${from.name}/${from.key}`]] : [];
  });
  return { ...settings.data, ...(Object.fromEntries(secret) as Record<string, string>) };
}

test('Temporal Cloud is reached with an API key', async () => {
  const values = parse(read('temporal/values-cloud-api-key.yaml')) as Record<string, unknown>;
  expect(await workersWith(values)).toMatchObject({
    TEMPORAL_ADDRESS: 'us-east-1.aws.api.temporal.io:7233',
    TEMPORAL_NAMESPACE: 'runners.a1b2c',
    TEMPORAL_API_KEY: 'temporal-cloud/api-key',
  });
});

test('Temporal Cloud is reached with a certificate', async () => {
  const values = parse(read('temporal/values-cloud-mtls.yaml')) as Record<string, unknown>;
  expect(await workersWith(values)).toMatchObject({
    TEMPORAL_ADDRESS: 'runners.a1b2c.tmprl.cloud:7233',
    TEMPORAL_TLS_CLIENT_CERT_DATA: 'temporal-cloud-client/tls.crt',
    TEMPORAL_TLS_CLIENT_KEY_DATA: 'temporal-cloud-client/tls.key',
  });
});

test("the bootstrap Job runs this version's image, finds the Temporal that the workers find, and may nothing else", async () => {
  const [job] = documents<Workload>('temporal/bootstrap-job.yaml');
  const { spec } = job!.spec.template;
  const [container] = spec.containers;
  const chart = parse(read('charts/gha-runner-scale-set-controller/Chart.yaml')) as {
    annotations: Record<string, string>;
  };
  expect(container).toMatchObject({
    image: `${chart.annotations['temporal-arc/image']}:${VERSION}`,
    command: ['/usr/local/bin/temporal-arc'],
    args: ['bootstrap', expect.stringMatching(/^--retention-days=\d+$/)],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  });
  expect(spec).toMatchObject({
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true },
  });
  const workers = await workersWith({});
  for (const { name, value } of container!.env) expect([name, value]).toEqual([name, workers[name]]);
});

test("the values for Temporal's own chart name both stores, with the password from a Secret", () => {
  interface Store {
    sql: { pluginName: string; existingSecret: string; databaseName: string; password?: string };
  }
  interface Values {
    server: {
      config: {
        namespaces: { create: boolean };
        persistence: {
          numHistoryShards: number;
          defaultStore: string;
          visibilityStore: string;
          datastores: Record<string, Store>;
        };
      };
    };
  }
  const { persistence, namespaces } = (parse(read('temporal/values-postgresql.yaml')) as Values).server
    .config;
  expect(namespaces.create).toBe(false);
  expect(persistence.numHistoryShards).toBe(512);
  for (const name of [persistence.defaultStore, persistence.visibilityStore]) {
    const { sql } = persistence.datastores[name]!;
    expect(sql).toMatchObject({ pluginName: 'postgres12', existingSecret: 'temporal-postgresql' });
    expect(sql.password).toBeUndefined();
  }
});
