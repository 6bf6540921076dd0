import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Account } from '../../../dev/cluster/service-account.ts';
import { writeKubeconfigFor } from '../../../dev/cluster/service-account.ts';
import { waitUntil } from '../../../dev/processes.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client/client.ts';
import { createKubernetesClient } from '../../../src/kubernetes/client/create-client.ts';
import type { KubernetesObject, Resource } from '../../../src/kubernetes/client/resources.ts';
import { roleBindings, roles, serviceAccounts } from '../../../src/kubernetes/client/resources.ts';
import type { Rule } from '../../../src/kubernetes/permissions.ts';
import { rulesOf } from '../../../src/kubernetes/permissions.ts';

/**
 * Creates a service account without rights, and answers the path of a kubeconfig for it: in a folder of its own below the
 * temporary one.
 *
 * @param kubeconfig the administrator's
 */
export async function serviceAccountKubeconfig(
  kubernetes: KubernetesClient,
  { namespace, name }: Account,
  kubeconfig: string,
): Promise<string> {
  await kubernetes.create(serviceAccounts, namespace, { metadata: { name } });
  return kubeconfigFor({ namespace, name }, kubeconfig);
}

/** A kubeconfig for a service account that there is, in a folder of its own below the temporary one. */
export async function kubeconfigFor(account: Account, kubeconfig: string): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), 'temporal-arc-rights-')), 'kubeconfig');
  await writeKubeconfigFor(account, { kubeconfig, path });
  return path;
}

/** Rights within one namespace, as RBAC writes them. */
export type RoleRule = Omit<Rule, 'verbs'> & { verbs: string[] };

const roleNameOf = ({ namespace, name }: Account): string => `${namespace}-${name}`;

/** Gives an account rights in a namespace: a Role and its binding, named after the account. */
export async function grant(
  kubernetes: KubernetesClient,
  account: Account,
  where: string,
  rules: readonly RoleRule[],
): Promise<void> {
  const name = roleNameOf(account);
  await kubernetes.create(roles, where, { metadata: { name }, rules: [...rules] });
  await kubernetes.create(roleBindings, where, bindingOf(account, 'Role'));
}

const bindingOf = (account: Account, kind: 'Role' | 'ClusterRole') => ({
  metadata: { name: roleNameOf(account) },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: roleNameOf(account) },
  subjects: [{ kind: 'ServiceAccount', ...account }],
});

/** All that a worker may do in a namespace that it serves, lives in, and that has scale sets; nothing of the cluster. */
export const WORKER_RULES: readonly Rule[] = (
  ['single-namespace', 'single-namespace-watch', 'listener', 'manager-tls'] as const
).flatMap(rulesOf);

/** The account of a test's workers. */
export interface WorkerAccount {
  kubeconfig: string;
  remove(): Promise<void>;
}

interface WorkerAccountOptions {
  /** The administrator's. */
  kubeconfig: string;
  /** Where the workers live, and what else they serve. */
  namespaces: readonly [string, ...string[]];
  /** The rights do not go when a namespace is deleted: they are those of the whole cluster. */
  everywhere?: boolean | undefined;
}

/** Makes the account that workers run under: it may do what the charts' roles allow, and nothing else. */
export async function createWorkerAccount(
  kubernetes: KubernetesClient,
  { kubeconfig, namespaces, everywhere }: WorkerAccountOptions,
): Promise<WorkerAccount> {
  const account = { namespace: namespaces[0], name: 'worker' };
  const path = await serviceAccountKubeconfig(kubernetes, account, kubeconfig);
  if (everywhere) await grantEverywhere(kubernetes, account);
  else for (const each of namespaces) await grant(kubernetes, account, each, WORKER_RULES);
  await untilInForce(path, namespaces);
  return {
    kubeconfig: path,
    remove: async () => {
      rmSync(dirname(path), { recursive: true });
      if (!everywhere) return;
      for (const resource of [clusterRoleBindings, clusterRoles])
        await kubernetes.delete(resource, { name: roleNameOf(account) });
    },
  };
}

/** Roles of the whole cluster. */
const clusterRoles: Resource<KubernetesObject & { rules?: RoleRule[] }> = {
  ...{ apiVersion: roles.apiVersion, kind: 'ClusterRole', plural: 'clusterroles', namespaced: false },
};
/** Who has them. */
const clusterRoleBindings: Resource = {
  ...clusterRoles,
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
};

async function grantEverywhere(kubernetes: KubernetesClient, account: Account): Promise<void> {
  const metadata = { name: roleNameOf(account) };
  await kubernetes.create(clusterRoles, undefined, { metadata, rules: [...WORKER_RULES] });
  await kubernetes.create(clusterRoleBindings, undefined, bindingOf(account, 'ClusterRole'));
}

const accessReviews: Resource<KubernetesObject & { status?: { allowed: boolean } }> = {
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
};

/** What one may do, as the API server knows it by now. */
export interface Access {
  namespace: string;
  verb: string;
  group: string;
  resource: string;
  subresource?: string | undefined;
}

/** Whether the account of a client may do this. */
export async function mayDo(client: KubernetesClient, resourceAttributes: Access): Promise<boolean> {
  const review = { spec: { resourceAttributes } };
  return (await client.create(accessReviews, undefined, review as never)).status?.allowed === true;
}

/** The API server knows of a new role a moment later. */
async function untilInForce(kubeConfig: string, namespaces: readonly string[]): Promise<void> {
  const client = createKubernetesClient({ kubeConfig });
  try {
    for (const namespace of namespaces)
      await waitUntil(
        `The rights in ${namespace}`,
        () => mayDo(client, { namespace, verb: 'list', group: '', resource: 'pods' }),
        { everyMs: 20 },
      );
  } finally {
    await client.close();
  }
}
