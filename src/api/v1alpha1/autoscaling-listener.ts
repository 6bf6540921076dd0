import type { Static } from 'typebox';
import type { Resource } from './resource.ts';
import type {
  autoscalingListenerSpecSchema,
  autoscalingListenerStatusSchema,
} from '../schema/autoscaling-listener.ts';

/** Which scale set is listened to, with what, and which EphemeralRunnerSet it scales. */
export type AutoscalingListenerSpec = Static<typeof autoscalingListenerSpecSchema>;
type AutoscalingListenerStatus = Static<typeof autoscalingListenerStatusSchema>;

/** The message session of one scale set. */
export type AutoscalingListener = Resource<
  'AutoscalingListener',
  AutoscalingListenerSpec,
  AutoscalingListenerStatus
>;
