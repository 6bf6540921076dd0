import { randomBytes } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { connectToApi } from '../../../dev/cluster/api-client.ts';
import type { ApiClient } from '../../../dev/cluster/api-client.ts';
import { waitUntil } from '../../../dev/processes.ts';
import { searchAttributes } from '../../../dev/temporal.ts';

/** Where the servers are that tests work with. */
export interface Servers {
  /** Path of the administrator's kubeconfig. */
  kubeconfig: string;
  /** host:port of Temporal's frontend; its namespace `default` has our search attributes. */
  temporalAddress: string;
}

/** The servers that the whole suite shares. Throws outside the integration project of Jest, which starts them. */
export function suiteServers(): Servers {
  return {
    kubeconfig: fromEnvironment('TEMPORAL_ARC_TEST_KUBECONFIG'),
    temporalAddress: fromEnvironment('TEMPORAL_ARC_TEST_TEMPORAL'),
  };
}

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined)
    throw new Error(`${name} is not set: run this test with --selectProjects integration.`);
  return value;
}

/** A namespace of its own for one test file. `remove` deletes it and does not wait for its contents to go. */
export interface FreshNamespace {
  name: string;
  remove(): Promise<void>;
}

/**
 * Creates a Kubernetes namespace called `prefix` and a few random letters, ready for pods. `kubeconfig` is the shared
 * cluster's unless another one is given.
 */
export async function freshNamespace(
  prefix: string,
  kubeconfig = suiteServers().kubeconfig,
): Promise<FreshNamespace> {
  const name = `${prefix}-${suffix()}`;
  await withApi(kubeconfig, async (api) => {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await api.json({ method: 'POST', path: '/api/v1/namespaces', body });
    const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
    await waitUntil(`The service account of ${name}`, async () => (await api.text({ path: account })) !== '');
  });
  const remove = () =>
    withApi(kubeconfig, async (api) => {
      await api.json({ method: 'DELETE', path: `/api/v1/namespaces/${name}` });
    });
  return { name, remove };
}

/** Registers a Temporal namespace with our search attributes and answers its name once it is served. */
export async function freshTemporalNamespace(
  prefix: string,
  address = suiteServers().temporalAddress,
): Promise<string> {
  const namespace = `${prefix}-${suffix()}`;
  const connection = await Connection.connect({ address });
  const attributes = Object.keys(searchAttributes());
  try {
    const day = { seconds: 86_400 as never, nanos: 0 };
    await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: day });
    await waitUntil(`The Temporal namespace ${namespace}`, async () => {
      await connection.workflowService.describeNamespace({ namespace });
      return true;
    });
    const keyword = 2;
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(attributes.map((attribute) => [attribute, keyword])),
    });
    await waitUntil(`The search attributes of ${namespace}`, async () => {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      return attributes.every((attribute) => attribute in customAttributes);
    });
  } finally {
    await connection.close();
  }
  return namespace;
}

function suffix(): string {
  return randomBytes(3).toString('hex');
}

async function withApi<T>(kubeconfig: string, work: (api: ApiClient) => Promise<T>): Promise<T> {
  const api = await connectToApi(kubeconfig, 1);
  try {
    return await work(api);
  } finally {
    await api.close();
  }
}
