import { KubeConfig } from '@kubernetes/client-node';
import type { Crd } from '../../../src/api/crd.ts';
import { updateCrds } from '../../../src/cli/update-crds.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client/client.ts';
import { createKubernetesClient } from '../../../src/kubernetes/client/create-client.ts';
import { customResourceDefinitions } from '../../../src/kubernetes/client/resources.ts';
import { suiteServers } from '../support/servers.ts';

/** What the chart's hook does, on a real API server. */

const key = { name: 'ephemeralrunners.actions.github.com' };

let kubernetes: KubernetesClient;
beforeAll(() => {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(suiteServers().kubeconfig);
  kubernetes = createKubernetesClient({ kubeConfig });
});
afterAll(() => kubernetes.close());

const fieldsOf = ({ spec }: Pick<Crd, 'spec'>, part: 'spec' | 'status') =>
  spec.versions[0]!.schema.openAPIV3Schema.properties![part]!.properties!;

test('CRDs of this release are left as they are, however often', async () => {
  expect((await updateCrds(kubernetes)).map(({ change }) => change)).toEqual(Array(4).fill('unchanged'));
});

test('an older one gets what it lacks, keeps what only it has, and bears the labels that others gave it', async () => {
  const { spec } = await kubernetes.get(customResourceDefinitions, key);
  Reflect.deleteProperty(fieldsOf({ spec }, 'status'), 'jobResult');
  fieldsOf({ spec }, 'spec')['fromElsewhere'] = { type: 'string' };
  const labels = { 'app.kubernetes.io/managed-by': 'Helm' };
  await kubernetes.mergePatch(customResourceDefinitions, key, {
    metadata: { labels },
    spec: { versions: spec.versions },
  });
  expect(await updateCrds(kubernetes)).toContainEqual({ crd: key.name, change: 'updated' });
  const upgraded = await kubernetes.get(customResourceDefinitions, key);
  expect(fieldsOf(upgraded, 'status')).toHaveProperty('jobResult');
  expect(fieldsOf(upgraded, 'spec')).toHaveProperty('fromElsewhere');
  expect(upgraded.metadata).toMatchObject({ labels });
  expect((await updateCrds(kubernetes)).map(({ change }) => change)).toEqual(Array(4).fill('unchanged'));
});
