import { join } from 'node:path';
import { writeKubeconfigFor } from './service-account.ts';
import { rulesOf } from '../../src/kubernetes/permissions.ts';
import { applyText } from './apply.ts';

/** The account of the worker, and the role that it has. */
const ACCOUNT = { namespace: 'default', name: 'temporal-arc' };

/** Sets live in all namespaces here, and no chart gives the worker its rights in one of them. */
const rules = () => (['cluster', 'listener', 'manager-tls'] as const).flatMap(rulesOf);

const objects = (): object[] => {
  const metadata = { name: ACCOUNT.name };
  const apiGroup = 'rbac.authorization.k8s.io';
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: ACCOUNT },
    { apiVersion: `${apiGroup}/v1`, kind: 'ClusterRole', metadata, rules: rules() },
    {
      ...{ apiVersion: `${apiGroup}/v1`, kind: 'ClusterRoleBinding', metadata },
      roleRef: { apiGroup, kind: 'ClusterRole', name: ACCOUNT.name },
      subjects: [{ kind: 'ServiceAccount', ...ACCOUNT }],
    },
  ];
};

/** A run may go on for long. */
const TOKEN_SECONDS = 30 * 86_400;

/**
 * Makes the account of the worker, with the rights that the charts give it, and writes its kubeconfig.
 *
 * @param kubeconfig the administrator's
 * @returns the path of the account's, in the folder given
 */
export async function workerAccount(kubeconfig: string, folder: string): Promise<string> {
  await applyText(kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects() }));
  const path = join(folder, 'worker-kubeconfig');
  await writeKubeconfigFor(ACCOUNT, { kubeconfig, path, seconds: TOKEN_SECONDS });
  return path;
}
