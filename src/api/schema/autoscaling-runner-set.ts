import type { AutoscalingRunnerSetPhase } from '../v1alpha1/phases.ts';
import { conditionsSchema, observedGenerationSchema } from './conditions.ts';
import { count, integer, optional, record, text, texts, word } from './fields.ts';
import { listenerMetricsSchema } from './listener-metrics.ts';
import { extraMetadataSchema } from './metadata.ts';
import { podTemplateSchema } from './pod-template.ts';
import { proxySchema } from './proxy.ts';
import { serverTlsSchema } from './server-tls.ts';
import { vaultSchema } from './vault.ts';

/** `spec` of an AutoscalingRunnerSet: what the chart of a scale set fills in. */
export const autoscalingRunnerSetSpecSchema = record('The scale set as it should be.', {
  githubConfigUrl: optional(text('URL of the enterprise, organization or repository to serve.')),
  githubConfigSecret: optional(
    text('Name of the Secret with the credentials, or of the secret in the vault.'),
  ),
  runnerGroup: optional(text('Name of the runner group. Empty: the default group.')),
  runnerScaleSetName: optional(text('Name of the scale set at GitHub. Empty: the name of this resource.')),
  runnerScaleSetLabels: optional(texts('Labels that jobs may ask for, beside the name.')),
  minRunners: optional(count('How many runners wait for a job at least. Absent: 0.')),
  maxRunners: optional(count('How many runners there are at most. Absent: no limit.')),
  template: optional(podTemplateSchema('The pod of each runner.')),
  proxy: optional(proxySchema('controller, listener and runners')),
  githubServerTLS: optional(serverTlsSchema),
  vaultConfig: optional(vaultSchema),
  listenerTemplate: optional(podTemplateSchema('The pod of the listener, merged into the standard one.')),
  listenerMetrics: optional(listenerMetricsSchema),
  autoscalingListener: optional(extraMetadataSchema('the AutoscalingListener')),
  listenerServiceAccountMetadata: optional(extraMetadataSchema('the ServiceAccount of the listener')),
  listenerRoleMetadata: optional(extraMetadataSchema('the Role of the listener')),
  listenerRoleBindingMetadata: optional(extraMetadataSchema('the RoleBinding of the listener')),
  listenerConfigSecretMetadata: optional(
    extraMetadataSchema('the Secret with the configuration of the listener'),
  ),
  ephemeralRunnerSetMetadata: optional(extraMetadataSchema('the EphemeralRunnerSet')),
  ephemeralRunnerMetadata: optional(extraMetadataSchema('each EphemeralRunner')),
  ephemeralRunnerConfigSecretMetadata: optional(
    extraMetadataSchema('the Secret with the JIT config of each runner'),
  ),
});

/** `status` of an AutoscalingRunnerSet. */
export const autoscalingRunnerSetStatusSchema = record('The scale set as it is.', {
  currentRunners: optional(integer('Runners that are pending, running or failed.')),
  pendingEphemeralRunners: optional(integer('Runners whose pod does not run yet.')),
  runningEphemeralRunners: optional(integer('Runners whose pod runs.')),
  failedEphemeralRunners: optional(integer('Runners that were given up.')),
  phase: optional(word<AutoscalingRunnerSetPhase>('Pending, Running or Outdated.')),
  state: optional(text('Of older releases of ARC; neither read nor written.')),
  conditions: optional(conditionsSchema),
  observedGeneration: optional(observedGenerationSchema),
});
