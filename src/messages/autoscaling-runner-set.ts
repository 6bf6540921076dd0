import { defineQuery, defineSignal } from './definitions.ts';
import type { AutoscalingRunnerSetObservation } from './observations.ts';
import { observeSignal } from './observations.ts';

/** Why a step cannot be done for now. */
export interface StepFailure {
  reason: string;
  message: string;
}

/** What a step of the workflow is called. */
export type StepName = 'prepare' | 'apply' | 'drop' | 'remove' | 'release';

/** The answer of the query `state` of an AutoscalingRunnerSet's workflow. */
export interface AutoscalingRunnerSetView {
  phase: string;
  scaleSetId?: number;
  scaleSetName?: string;
  group?: string;
  runnerSet?: string;
  listener?: string;
  /** A new template waits for jobs that run. */
  held: boolean;
  deleting: boolean;
  pending: number;
  running: number;
  failed: number;
  conditions: { type: string; status: string; reason: string; message: string }[];
  /** By step: what stands in its way. */
  stepFailures: Partial<Record<StepName, StepFailure>>;
}

/** Changes in the cluster, from the watch. */
export const observeAutoscalingRunnerSetSignal = defineSignal<[AutoscalingRunnerSetObservation]>(
  observeSignal.name,
);

/** How the scale set stands and what is in its way. */
export const autoscalingRunnerSetStateQuery = defineQuery<AutoscalingRunnerSetView>('state');
