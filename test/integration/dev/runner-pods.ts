import type { ApiClient } from '../../../dev/cluster/api-client.ts';
import type { GitHubStandIn } from '../../../dev/github/stand-in.ts';

/** Registers runners at a stand-in, as the worker's activities do, and answers their JIT configs. */
export async function jitConfigs(github: GitHubStandIn) {
  const { configPath, scaleSetId } = { configPath: 'org/repo', scaleSetId: 1 };
  const post = async <T>(url: string, authorization: string, body?: object): Promise<T> => {
    const headers = { authorization, 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body ?? {}) });
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const { token } = await post<{ token: string }>(
    `${github.url}/api/v3/repos/${configPath}/actions/runners/registration-token`,
    `Bearer ${github.token}`,
  );
  const tenant = await post<{ url: string; token: string }>(
    `${github.url}/api/v3/actions/runner-registration`,
    `RemoteAuth ${token}`,
    { url: github.configUrl(configPath), runner_event: 'register' },
  );
  const path = `_apis/runtime/runnerscalesets/${scaleSetId}/generatejitconfig?api-version=6.0-preview`;
  return async (name: string): Promise<string> => {
    const answer = await post<{ encodedJITConfig: string }>(
      new URL(path, tenant.url.endsWith('/') ? tenant.url : `${tenant.url}/`).href,
      `Bearer ${tenant.token}`,
      { name, workFolder: '_work' },
    );
    return answer.encodedJITConfig;
  };
}

/** Creates a runner's Secret and pod, as the worker does. */
export async function createRunnerPod(
  api: ApiClient,
  pod: { namespace: string; name: string; jitConfig: string },
) {
  const { namespace, name, jitConfig } = pod;
  const base = `/api/v1/namespaces/${namespace}`;
  const metadata = { name, labels: { 'actions-ephemeral-runner': 'True' } };
  await api.json({
    method: 'POST',
    path: `${base}/secrets`,
    body: { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: { jitToken: jitConfig } },
  });
  const env = [
    { name: 'ACTIONS_RUNNER_INPUT_JITCONFIG', valueFrom: { secretKeyRef: { name, key: 'jitToken' } } },
  ];
  const containers = [{ name: 'runner', image: 'ghcr.io/actions/actions-runner:2', env }];
  await api.json({
    method: 'POST',
    path: `${base}/pods`,
    body: { apiVersion: 'v1', kind: 'Pod', metadata, spec: { restartPolicy: 'Never', containers } },
  });
}
