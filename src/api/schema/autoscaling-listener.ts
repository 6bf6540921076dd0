import { Type } from 'typebox';
import { conditionsSchema, observedGenerationSchema } from './conditions.ts';
import { count, integer, optional, record, text } from './fields.ts';
import { listenerMetricsSchema } from './listener-metrics.ts';
import { extraMetadataSchema } from './metadata.ts';
import { podTemplateSchema } from './pod-template.ts';
import { proxySchema } from './proxy.ts';
import { serverTlsSchema } from './server-tls.ts';
import { vaultSchema } from './vault.ts';

const pullSecretSchema = Type.Object(
  { name: optional(Type.String({ description: 'Name of the Secret.', default: '' })) },
  { description: 'A Secret in the namespace of the listener.', 'x-kubernetes-map-type': 'atomic' },
);

/** `spec` of an AutoscalingListener. */
export const autoscalingListenerSpecSchema = record('What is listened to, and what is scaled.', {
  githubConfigUrl: optional(text('URL of the enterprise, organization or repository that is served.')),
  githubConfigSecret: optional(
    text('Name of the Secret with the credentials, or of the secret in the vault.'),
  ),
  runnerScaleSetId: optional(integer('Id of the scale set at GitHub.')),
  autoscalingRunnerSetNamespace: optional(text('Namespace of the AutoscalingRunnerSet.')),
  autoscalingRunnerSetName: optional(text('Name of the AutoscalingRunnerSet.')),
  ephemeralRunnerSetName: optional(text('Name of the EphemeralRunnerSet whose replicas are set.')),
  minRunners: optional(count('How many runners wait for a job at least.')),
  maxRunners: optional(count('How many runners there are at most.')),
  image: optional(text('Image of the pod of the listener.')),
  imagePullSecrets: optional(
    Type.Array(pullSecretSchema, { description: 'Secrets that the image is pulled with.' }),
  ),
  proxy: optional(proxySchema('the listener')),
  githubServerTLS: optional(serverTlsSchema),
  vaultConfig: optional(vaultSchema),
  metrics: optional(listenerMetricsSchema),
  template: optional(podTemplateSchema('The pod of the listener, merged into the standard one.')),
  configSecretMetadata: optional(extraMetadataSchema('the Secret with the configuration')),
  serviceAccountMetadata: optional(extraMetadataSchema('the ServiceAccount')),
  roleMetadata: optional(extraMetadataSchema('the Role')),
  roleBindingMetadata: optional(extraMetadataSchema('the RoleBinding')),
});

/** `status` of an AutoscalingListener. */
export const autoscalingListenerStatusSchema = record('Where the listener stands.', {
  conditions: optional(conditionsSchema),
  observedGeneration: optional(observedGenerationSchema),
});
