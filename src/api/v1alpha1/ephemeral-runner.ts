import type { Static } from 'typebox';
import type { Resource } from './resource.ts';
import type { ephemeralRunnerSpecSchema, ephemeralRunnerStatusSchema } from '../schema/ephemeral-runner.ts';

/** How one runner is made: where it registers, with what, and its pod template (`metadata` and `spec`). */
export type EphemeralRunnerSpec = Static<typeof ephemeralRunnerSpecSchema>;
/** Where a runner stands, and the job it runs. It has a job as soon as `jobId` is not empty. */
type EphemeralRunnerStatus = Static<typeof ephemeralRunnerStatusSchema>;

/** One runner for one job. */
export type EphemeralRunner = Resource<'EphemeralRunner', EphemeralRunnerSpec, EphemeralRunnerStatus>;
