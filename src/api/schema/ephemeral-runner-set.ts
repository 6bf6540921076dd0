import type { EphemeralRunnerSetPhase } from '../v1alpha1/phases.ts';
import { conditionsSchema, observedGenerationSchema } from './conditions.ts';
import { ephemeralRunnerSpecSchema } from './ephemeral-runner.ts';
import { integer, optional, record, word } from './fields.ts';
import { extraMetadataSchema } from './metadata.ts';

/** `spec` of an EphemeralRunnerSet. */
export const ephemeralRunnerSetSpecSchema = record('How many runners are wanted, and how each is made.', {
  replicas: optional(integer('How many runners are wanted.')),
  patchID: optional(integer('Number of the last change of replicas; 0 also removes idle runners.')),
  ephemeralRunnerSpec: optional(ephemeralRunnerSpecSchema),
  ephemeralRunnerMetadata: optional(extraMetadataSchema('each runner')),
});

/** `status` of an EphemeralRunnerSet. */
export const ephemeralRunnerSetStatusSchema = record('How many runners there are.', {
  currentReplicas: optional(integer('Runners that are pending, running or failed.')),
  pendingEphemeralRunners: optional(integer('Runners whose pod does not run yet.')),
  runningEphemeralRunners: optional(integer('Runners whose pod runs.')),
  failedEphemeralRunners: optional(integer('Runners that were given up.')),
  phase: optional(word<EphemeralRunnerSetPhase>('Running or Outdated.')),
  conditions: optional(conditionsSchema),
  observedGeneration: optional(observedGenerationSchema),
});
