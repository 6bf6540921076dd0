import type { TSchema } from 'typebox';
import type { Kind } from '../v1alpha1/group.ts';
import { autoscalingListenerSpecSchema, autoscalingListenerStatusSchema } from './autoscaling-listener.ts';
import {
  autoscalingRunnerSetSpecSchema,
  autoscalingRunnerSetStatusSchema,
} from './autoscaling-runner-set.ts';
import { ephemeralRunnerSetSpecSchema, ephemeralRunnerSetStatusSchema } from './ephemeral-runner-set.ts';
import { ephemeralRunnerSpecSchema, ephemeralRunnerStatusSchema } from './ephemeral-runner.ts';

/** A column of `kubectl get`. */
export interface Column {
  name: string;
  type: 'string' | 'integer' | 'date';
  jsonPath: string;
}

/** All that there is to say about a kind: its CRD and its validation are made from it. */
export interface Definition {
  readonly description: string;
  readonly shortName: string;
  readonly spec: TSchema;
  readonly status: TSchema;
  readonly columns: readonly Column[];
  /** Where the scale subresource reads and writes. */
  readonly scale?: { specReplicasPath: string; statusReplicasPath: string };
}

const column = (name: string, type: Column['type'], jsonPath: string): Column => ({ name, type, jsonPath });
const ready = column('Ready', 'string', '.status.conditions[?(@.type=="Ready")].status');
const age = column('Age', 'date', '.metadata.creationTimestamp');

const autoscalingRunnerSet: Definition = {
  description: 'A runner scale set at GitHub whose runners are pods of this cluster.',
  shortName: 'ars',
  spec: autoscalingRunnerSetSpecSchema,
  status: autoscalingRunnerSetStatusSchema,
  columns: [
    column('Minimum Runners', 'integer', '.spec.minRunners'),
    column('Maximum Runners', 'integer', '.spec.maxRunners'),
    column('Current Runners', 'integer', '.status.currentRunners'),
    column('Phase', 'string', '.status.phase'),
    column('Pending Runners', 'integer', '.status.pendingEphemeralRunners'),
    column('Running Runners', 'integer', '.status.runningEphemeralRunners'),
    column('Failed Runners', 'integer', '.status.failedEphemeralRunners'),
    ready,
    age,
  ],
};

const autoscalingListener: Definition = {
  description: 'The message session of one runner scale set: it turns waiting jobs into wanted runners.',
  shortName: 'al',
  spec: autoscalingListenerSpecSchema,
  status: autoscalingListenerStatusSchema,
  columns: [
    column('GitHub Configure URL', 'string', '.spec.githubConfigUrl'),
    column('AutoscalingRunnerSet Namespace', 'string', '.spec.autoscalingRunnerSetNamespace'),
    column('AutoscalingRunnerSet Name', 'string', '.spec.autoscalingRunnerSetName'),
    ready,
    age,
  ],
};

const ephemeralRunnerSet: Definition = {
  description: 'The runners of one scale set, as many as are wanted.',
  shortName: 'ers',
  spec: ephemeralRunnerSetSpecSchema,
  status: ephemeralRunnerSetStatusSchema,
  columns: [
    column('DesiredReplicas', 'integer', '.spec.replicas'),
    column('CurrentReplicas', 'integer', '.status.currentReplicas'),
    column('Pending Runners', 'integer', '.status.pendingEphemeralRunners'),
    column('Running Runners', 'integer', '.status.runningEphemeralRunners'),
    column('Failed Runners', 'integer', '.status.failedEphemeralRunners'),
    column('Phase', 'string', '.status.phase'),
    ready,
    age,
  ],
  scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.currentReplicas' },
};

const ephemeralRunner: Definition = {
  description: 'One runner: it registers at GitHub, runs one job in a pod of its own, and goes.',
  shortName: 'er',
  spec: ephemeralRunnerSpecSchema,
  status: ephemeralRunnerStatusSchema,
  columns: [
    column('GitHub Config URL', 'string', '.spec.githubConfigUrl'),
    column('RunnerId', 'integer', '.status.runnerId'),
    column('Phase', 'string', '.status.phase'),
    ready,
    column('JobRepository', 'string', '.status.jobRepositoryName'),
    column('JobWorkflowRef', 'string', '.status.jobWorkflowRef'),
    column('WorkflowRunId', 'integer', '.status.workflowRunId'),
    column('JobDisplayName', 'string', '.status.jobDisplayName'),
    column('JobId', 'string', '.status.jobId'),
    column('Message', 'string', '.status.message'),
    age,
  ],
};

/** The four kinds, from which CRDs, validation and documents are made. */
export const DEFINITIONS: Readonly<Record<Kind, Definition>> = {
  AutoscalingRunnerSet: autoscalingRunnerSet,
  AutoscalingListener: autoscalingListener,
  EphemeralRunnerSet: ephemeralRunnerSet,
  EphemeralRunner: ephemeralRunner,
};
