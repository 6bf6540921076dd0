import type { Static } from 'typebox';
import type { Resource } from './resource.ts';
import type {
  autoscalingRunnerSetSpecSchema,
  autoscalingRunnerSetStatusSchema,
} from '../schema/autoscaling-runner-set.ts';

/** A scale set as a person wants it. */
export type AutoscalingRunnerSetSpec = Static<typeof autoscalingRunnerSetSpecSchema>;
/** How many runners the scale set has, by phase. */
type AutoscalingRunnerSetStatus = Static<typeof autoscalingRunnerSetStatusSchema>;

/** One runner scale set at GitHub, with its EphemeralRunnerSet and its AutoscalingListener. */
export type AutoscalingRunnerSet = Resource<
  'AutoscalingRunnerSet',
  AutoscalingRunnerSetSpec,
  AutoscalingRunnerSetStatus
>;
