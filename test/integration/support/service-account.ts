import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { connectToApi } from '../../../dev/cluster/api-client.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client/client.ts';
import { roleBindings, roles, serviceAccounts } from '../../../src/kubernetes/client/resources.ts';

interface Account {
  namespace: string;
  name: string;
}

/**
 * Creates a service account, which may see which cluster it is and nothing else, and answers the path of a kubeconfig for
 * it: in a folder of its own below the temporary one.
 *
 * @param kubeconfig the administrator's
 */
export async function serviceAccountKubeconfig(
  kubernetes: KubernetesClient,
  { namespace, name }: Account,
  kubeconfig: string,
): Promise<string> {
  await kubernetes.create(serviceAccounts, namespace, { metadata: { name } });
  await grant(kubernetes, { namespace, name }, 'kube-system', [
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
  ]);
  const config = new KubeConfig();
  config.loadFromString(readFileSync(kubeconfig, 'utf8'));
  const cluster = config.getCurrentCluster();
  const restricted = new KubeConfig();
  restricted.loadFromOptions({
    clusters: [cluster],
    users: [{ name, token: await tokenOf({ namespace, name }, kubeconfig) }],
    contexts: [{ name, user: name, cluster: cluster?.name ?? '', namespace }],
    currentContext: name,
  });
  const path = join(mkdtempSync(join(tmpdir(), 'temporal-arc-rights-')), 'kubeconfig');
  writeFileSync(path, restricted.exportConfig());
  return path;
}

/** Rights within one namespace, as RBAC writes them. */
export type Rules = { apiGroups: string[]; resources: string[]; verbs: string[] }[];

/** Gives an account rights in a namespace: a Role and its binding, named after the account. */
export async function grant(
  kubernetes: KubernetesClient,
  account: Account,
  where: string,
  rules: Rules,
): Promise<void> {
  const name = `${account.namespace}-${account.name}`;
  await kubernetes.create(roles, where, { metadata: { name }, rules });
  await kubernetes.create(roleBindings, where, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', ...account }],
  });
}

async function tokenOf({ namespace, name }: Account, kubeconfig: string): Promise<string> {
  const api = await connectToApi(kubeconfig, 1);
  const { status } = await api.json<{ status: { token: string } }>({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  });
  await api.close();
  return status.token;
}
