import { runnerProxySecretName } from '../../api/names.ts';
import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import type { EphemeralRunnerSpec } from '../../api/v1alpha1/ephemeral-runner.ts';
import type { ProxySettings } from '../../github/transport/dispatcher.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { isNotFound, ignoreNotFound } from '../../kubernetes/client/errors.ts';
import type { Secret } from '../../kubernetes/client/resources.ts';
import { secrets } from '../../kubernetes/client/resources.ts';
import { contains, isSame } from '../../kubernetes/drift.ts';
import { buildProxySecret } from '../../kubernetes/objects/proxy-secret.ts';
import { SetupError } from '../failures.ts';

/** The proxy as it stands in a spec: URLs, and names of Secrets with user and password. */
export type ProxySpec = NonNullable<EphemeralRunnerSpec['proxy']>;
/** URLs with their credentials; empty: none. */
export interface ResolvedProxy extends ProxySettings {
  httpProxy: string;
  httpsProxy: string;
  noProxy: string;
}

type ProxyServer = NonNullable<ProxySpec['http']>;

/**
 * A spec's proxy as URLs, with the credentials that its Secrets hold.
 *
 * @throws SetupError ProxyCredentialsNotFound, InvalidProxy
 */
export async function resolveProxy(
  kubernetes: Pick<KubernetesClient, 'get'>,
  namespace: string,
  { http, https, noProxy }: ProxySpec,
): Promise<ResolvedProxy> {
  const urlOf = (server: ProxyServer | undefined, field: string): Promise<string> =>
    server?.url
      ? withCredentials(kubernetes, namespace, { ...server, url: server.url, field })
      : Promise.resolve('');
  const [httpProxy, httpsProxy] = await Promise.all([urlOf(http, 'proxy.http'), urlOf(https, 'proxy.https')]);
  return { httpProxy, httpsProxy, noProxy: (noProxy ?? []).join(',') };
}

async function withCredentials(
  kubernetes: Pick<KubernetesClient, 'get'>,
  namespace: string,
  {
    url,
    credentialSecretRef,
    field,
  }: { url: string; credentialSecretRef?: string | undefined; field: string },
): Promise<string> {
  if (!credentialSecretRef) return url;
  const parsed = URL.parse(url);
  if (!parsed)
    throw new SetupError('InvalidProxy', `${field}.url: "${url}" is no URL; give http://host:port.`);
  const secret = await readCredentials(kubernetes, { namespace, name: credentialSecretRef, field });
  const [username, password] = [valueOf(secret, 'username'), valueOf(secret, 'password')];
  if (username === '') {
    const remedy = `set username and password in "${credentialSecretRef}", which has no username`;
    throw new SetupError('ProxyCredentialsNotFound', `${field}.credentialSecretRef: ${remedy}.`);
  }
  parsed.username = encodeURIComponent(username);
  parsed.password = encodeURIComponent(password);
  return parsed.href.replace(/\/$/, '');
}

/** Without the newline at the end that `--from-file` brings in: it would be taken for a part of the password. */
const valueOf = ({ data }: Secret, key: string): string =>
  Buffer.from(data?.[key] ?? '', 'base64')
    .toString('utf8')
    .replace(/\r?\n$/, '');

async function readCredentials(
  kubernetes: Pick<KubernetesClient, 'get'>,
  { namespace, name, field }: { namespace: string; name: string; field: string },
): Promise<Secret> {
  try {
    return await kubernetes.get(secrets, { namespace, name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const remedy = `create Secret "${name}" in namespace "${namespace}" with username and password`;
    throw new SetupError('ProxyCredentialsNotFound', `${field}.credentialSecretRef: ${remedy}.`, error);
  }
}

/** Brings the Secret from which the set's runners take their proxy up to date. Does nothing without a proxy. */
export async function keepProxySecret(
  kubernetes: KubernetesClient,
  set: EphemeralRunnerSet,
  spec: EphemeralRunnerSpec,
): Promise<void> {
  if (!spec.proxy) return;
  const namespace = set.metadata.namespace ?? '';
  const wanted = buildProxySecret({ set, proxy: await resolveProxy(kubernetes, namespace, spec.proxy) });
  const key = { namespace, name: wanted.metadata?.name ?? '' };
  const { data } = wanted;
  const annotations = wanted.metadata?.annotations;
  const present = await ignoreNotFound(kubernetes.get(secrets, key));
  if (!present) await kubernetes.create(secrets, namespace, wanted);
  else if (!isSame(present.data, data) || !contains(present.metadata?.annotations, annotations)) {
    await kubernetes.mergePatch(secrets, key, { metadata: { annotations }, data });
  }
}

/** Takes that Secret away with its set, also where owners do not take their own along (`--cascade=orphan`). */
export async function dropProxySecret(
  kubernetes: KubernetesClient,
  { namespace, name }: { namespace: string; name: string },
): Promise<void> {
  const secret = runnerProxySecretName(name, namespace);
  await ignoreNotFound(kubernetes.delete(secrets, { namespace, name: secret }));
}
