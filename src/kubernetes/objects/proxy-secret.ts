import { INTEGRITY_HASH_ANNOTATION } from '../../api/annotations.ts';
import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import { stableHash } from '../../api/hash.ts';
import { SCALE_SET_NAME_LABEL, SCALE_SET_NAMESPACE_LABEL } from '../../api/labels.ts';
import { runnerProxySecretName } from '../../api/names.ts';
import { controlledBy } from './metadata.ts';
import { ephemeralRunnerSets } from '../client/resources.ts';
import type { Secret } from '../client/resources.ts';

/** The Secret from which the runners of a set take their proxy. All three keys are always there, if need be empty. */
export function buildProxySecret({
  set,
  proxy,
}: {
  set: EphemeralRunnerSet;
  proxy: { httpProxy: string; httpsProxy: string; noProxy: string };
}): Secret {
  const { name = '', namespace = '', labels = {} } = set.metadata;
  const inherited = [SCALE_SET_NAME_LABEL, SCALE_SET_NAMESPACE_LABEL].flatMap((key) =>
    labels[key] === undefined ? [] : [[key, labels[key]] as const],
  );
  const data = {
    http_proxy: base64(proxy.httpProxy),
    https_proxy: base64(proxy.httpsProxy),
    no_proxy: base64(proxy.noProxy),
  };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: runnerProxySecretName(name, namespace),
      namespace,
      labels: Object.fromEntries(inherited),
      annotations: { [INTEGRITY_HASH_ANNOTATION]: stableHash(data) },
      ownerReferences: [controlledBy(set, ephemeralRunnerSets)],
    },
    data,
  };
}

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
