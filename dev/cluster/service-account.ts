import { readFileSync, writeFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { connectToApi } from './api-client.ts';

/** Who acts in a cluster. */
export interface Account {
  namespace: string;
  name: string;
}

/**
 * Writes a kubeconfig (mode 0600) for a service account that there is, whose token is good for so many seconds.
 *
 * @param kubeconfig the administrator's
 */
export async function writeKubeconfigFor(
  { namespace, name }: Account,
  { kubeconfig, path, seconds = 3_600 }: { kubeconfig: string; path: string; seconds?: number },
): Promise<void> {
  const config = new KubeConfig();
  config.loadFromString(readFileSync(kubeconfig, 'utf8'));
  const cluster = config.getCurrentCluster();
  const restricted = new KubeConfig();
  restricted.loadFromOptions({
    clusters: [cluster],
    users: [{ name, token: await tokenOf({ namespace, name }, kubeconfig, seconds) }],
    contexts: [{ name, user: name, cluster: cluster?.name ?? '', namespace }],
    currentContext: name,
  });
  writeFileSync(path, restricted.exportConfig(), { mode: 0o600 });
}

async function tokenOf({ namespace, name }: Account, kubeconfig: string, seconds: number): Promise<string> {
  const api = await connectToApi(kubeconfig, 1);
  try {
    const { status } = await api.json<{ status: { token: string } }>({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
      body: {
        ...{ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' },
        spec: { expirationSeconds: seconds },
      },
    });
    return status.token;
  } finally {
    await api.close();
  }
}
