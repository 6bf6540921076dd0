import { hostname } from 'node:os';
import type { KubernetesClient } from '../kubernetes/client/client.ts';
import { KubernetesError } from '../kubernetes/client/errors.ts';
import type { Pod } from '../kubernetes/client/resources.ts';
import { pods } from '../kubernetes/client/resources.ts';
import type { ListenerEnvironment } from '../kubernetes/objects/listener.ts';

type PodSpec = NonNullable<Pod['spec']>;
type Container = PodSpec['containers'][number];
type EnvVar = ListenerEnvironment['env'][number];
type Variables = Readonly<Record<string, string | undefined>>;

/** Variables of Temporal's environment configuration that hold nothing secret. */
const PLAIN =
  /^TEMPORAL_(PROFILE|TLS|TLS_SERVER_NAME|TLS_DISABLE_HOST_VERIFICATION|TLS_(CLIENT|SERVER_CA)_CERT_DATA)$/;

/** Those that may: a value of them is never written into another pod. */
const SECRET = /^TEMPORAL_(API_KEY|TLS_CLIENT_KEY_DATA|GRPC_META_\w+)$/;

/** Those that name a file. */
const FILE = /^TEMPORAL_(CONFIG_FILE|TLS_(CLIENT_CERT|CLIENT_KEY|SERVER_CA_CERT)_PATH)$/;

/** How listeners' pods find Temporal, and what of it could not be handed on. */
export interface HandedOn extends ListenerEnvironment {
  /** Variables that this process has and listeners' pods will not have. */
  missing: string[];
}

/**
 * What a worker has of Temporal's environment configuration, for the pods of its listeners, which run in its namespace:
 * secrets as the reference that the worker's own pod has, files with the volume that they are in.
 *
 * @param own the worker's pod; without it, secrets and files cannot be handed on
 */
export function listenerEnvironment(variables: Variables, own: Pod | undefined): HandedOn {
  const container = ownContainer(own);
  const result: HandedOn = { env: [], volumes: [], volumeMounts: [], missing: [] };
  for (const [name, value] of Object.entries(variables).toSorted()) {
    if (value === undefined || value === '') continue;
    if (PLAIN.test(name)) result.env.push(referenceOf(name, container) ?? { name, value });
    else if (SECRET.test(name)) add(result, name, referenceOf(name, container));
    else if (FILE.test(name)) addFile(result, { name, value }, { own, container });
  }
  return result;
}

const add = ({ env, missing }: HandedOn, name: string, variable: EnvVar | undefined): void => {
  if (variable) env.push(variable);
  else missing.push(name);
};

/** The one that says where it is: both charts tell it so. */
const ownContainer = (own: Pod | undefined): Container | undefined =>
  own?.spec?.containers.find(({ env }) =>
    env?.some(({ name }) => name === 'CONTROLLER_MANAGER_POD_NAMESPACE'),
  ) ?? own?.spec?.containers[0];

/** As the worker's pod refers to it: by name and key of a Secret or ConfigMap, or as a key of the one Secret that it takes whole. */
function referenceOf(name: string, container: Container | undefined): EnvVar | undefined {
  const { secretKeyRef, configMapKeyRef } = container?.env?.find((one) => one.name === name)?.valueFrom ?? {};
  if (secretKeyRef) return { name, valueFrom: { secretKeyRef } };
  if (configMapKeyRef) return { name, valueFrom: { configMapKeyRef } };
  if (!SECRET.test(name)) return undefined;
  const whole = (container?.envFrom ?? []).filter(({ secretRef }) => secretRef);
  const [{ prefix = '', secretRef } = {}] = whole;
  if (whole.length !== 1 || !secretRef?.name || !name.startsWith(prefix)) return undefined;
  return { name, valueFrom: { secretKeyRef: { name: secretRef.name, key: name.slice(prefix.length) } } };
}

function addFile(
  result: HandedOn,
  { name, value }: { name: string; value: string },
  { own, container }: { own: Pod | undefined; container: Container | undefined },
): void {
  const mount = container?.volumeMounts
    ?.filter(({ mountPath }) => value === mountPath || value.startsWith(`${mountPath.replace(/\/$/, '')}/`))
    .toSorted((one, other) => other.mountPath.length - one.mountPath.length)[0];
  const volume = own?.spec?.volumes?.find((each) => each.name === mount?.name);
  if (!mount || !volume || !(volume.secret ?? volume.configMap ?? volume.projected)) {
    result.missing.push(name);
    return;
  }
  result.env.push({ name, value });
  // A template of a listener may have volumes of the same names.
  const renamed = `worker-${mount.name}`;
  if (!result.volumes.some((each) => each.name === renamed))
    result.volumes.push({ ...volume, name: renamed });
  if (!result.volumeMounts.some(({ mountPath }) => mountPath === mount.mountPath)) {
    result.volumeMounts.push({ ...mount, name: renamed, readOnly: true });
  }
}

/**
 * The pod that this process runs in: called as its host is. `undefined` where it runs in none, or may not read it.
 *
 * @param namespace that of the worker's pod, as it is told by its environment
 */
export async function ownPod(
  kubernetes: Pick<KubernetesClient, 'get'>,
  namespace: string | undefined,
): Promise<Pod | undefined> {
  if (namespace === undefined) return undefined;
  try {
    return await kubernetes.get(pods, { namespace, name: hostname() });
  } catch (error) {
    if (error instanceof KubernetesError) return undefined;
    throw error;
  }
}
