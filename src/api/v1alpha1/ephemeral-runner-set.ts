import type { Static } from 'typebox';
import type { Resource } from './resource.ts';
import type {
  ephemeralRunnerSetSpecSchema,
  ephemeralRunnerSetStatusSchema,
} from '../schema/ephemeral-runner-set.ts';

/** How many runners are wanted, and how each is made. */
export type EphemeralRunnerSetSpec = Static<typeof ephemeralRunnerSetSpecSchema>;
/** How many runners there are, by phase. */
type EphemeralRunnerSetStatus = Static<typeof ephemeralRunnerSetStatusSchema>;

/** The runners of one scale set: `spec.replicas` is the one desired number. */
export type EphemeralRunnerSet = Resource<
  'EphemeralRunnerSet',
  EphemeralRunnerSetSpec,
  EphemeralRunnerSetStatus
>;
