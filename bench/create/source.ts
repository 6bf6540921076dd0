import type { EphemeralRunnerSet } from '../../src/api/v1alpha1/ephemeral-runner-set.ts';
import type { GitHubConnections } from '../../src/github/connections.ts';
import { credentialsFromSecret } from '../../src/github/credentials.ts';
import type { ScaleSetClient } from '../../src/github/scale-set-client.ts';
import type { KubernetesClient } from '../../src/kubernetes/client/client.ts';
import { ephemeralRunnerSets, secrets } from '../../src/kubernetes/client/resources.ts';

/** What runners are made of: their set, and GitHub as the set's Secret reaches it. */
export interface Source {
  set: EphemeralRunnerSet;
  github: ScaleSetClient;
}

/** What the source is read with. */
export interface Clients {
  kubernetes: KubernetesClient;
  connections: GitHubConnections;
}

/** Reads template and credentials, two requests, as the worker does. @throws TypeError when the set has no template */
export async function readSource(
  { kubernetes, connections }: Clients,
  { namespace, set: name }: { namespace: string; set: string },
): Promise<Source> {
  const set = await kubernetes.get(ephemeralRunnerSets, { namespace, name });
  const spec = set.spec.ephemeralRunnerSpec;
  if (!spec) throw new TypeError('spec.ephemeralRunnerSpec is missing.');
  const { data = {} } = await kubernetes.get(secrets, { namespace, name: spec.githubConfigSecret });
  const decode = ([key, value]: [string, string]) => [key, Buffer.from(value, 'base64').toString()] as const;
  const credentials = credentialsFromSecret(Object.fromEntries(Object.entries(data).map(decode)));
  return { set, github: connections.connect({ configUrl: spec.githubConfigUrl, credentials }) };
}
