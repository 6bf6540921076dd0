import type { EphemeralRunnerPhase } from '../v1alpha1/phases.ts';
import { conditionsSchema } from './conditions.ts';
import { bigInteger, flag, integer, mapOf, optional, record, text, time, word } from './fields.ts';
import { extraMetadataSchema } from './metadata.ts';
import { podMetadataSchema, podSpecSchema } from './pod-template.ts';
import { proxySchema } from './proxy.ts';
import { serverTlsSchema } from './server-tls.ts';
import { vaultSchema } from './vault.ts';

/** `spec` of an EphemeralRunner. */
export const ephemeralRunnerSpecSchema = record('How the runner is made.', {
  githubConfigUrl: text('URL of the enterprise, organization or repository that the runner serves.'),
  githubConfigSecret: text('Name of the Secret with the credentials, or of the secret in the vault.'),
  runnerScaleSetId: integer('Id of the scale set at GitHub.'),
  githubServerTLS: optional(serverTlsSchema),
  proxy: optional(proxySchema('the runner')),
  proxySecretRef: optional(text('Name of the Secret with the proxy settings for the pod.')),
  vaultConfig: optional(vaultSchema),
  ephemeralRunnerConfigSecretMetadata: optional(extraMetadataSchema('the Secret with the JIT config')),
  metadata: optional(podMetadataSchema('Metadata of the pod.')),
  spec: optional(podSpecSchema('The pod; its container named runner runs the job.')),
});

/** `status` of an EphemeralRunner. The runner's own controller in ARC writes the same members. */
export const ephemeralRunnerStatusSchema = record('Where the runner stands.', {
  phase: optional(word<EphemeralRunnerPhase>('Pending, Running, Succeeded, Failed or Outdated.')),
  ready: optional(flag('Whether the pod is ready.')),
  reason: optional(text('Why the runner is in this phase, in one word.')),
  message: optional(text('Why the runner is in this phase.')),
  runnerId: optional(integer('Id of the runner at GitHub.')),
  runnerName: optional(text('Name of the runner at GitHub.')),
  failures: optional(mapOf(time(), 'When each failed pod failed, by the UID of the pod.')),
  jobRequestId: optional(bigInteger('Id of the request that the job was acquired with.')),
  jobId: optional(text('Id of the job. Not empty: the runner has a job.')),
  jobRepositoryName: optional(text('Repository of the job: owner/name.')),
  jobWorkflowRef: optional(text('Workflow file of the job, with its ref.')),
  workflowRunId: optional(bigInteger('Id of the workflow run.')),
  jobDisplayName: optional(text('Name of the job as GitHub shows it.')),
  jobResult: optional(text('How the job ended, in the words of GitHub: succeeded, failed, canceled, …')),
  runnerJITConfig: optional(text('Of older releases of ARC; neither read nor written.')),
  conditions: optional(conditionsSchema),
});
