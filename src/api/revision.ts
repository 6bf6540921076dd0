import type { EphemeralRunnerSpec } from './v1alpha1/ephemeral-runner.ts';
import { stableHash } from './hash.ts';

/**
 * Which edition of a runner spec this is. The name of the proxy Secret does not count: it is added when a runner is
 * made, so a runner has the revision of the `ephemeralRunnerSpec` it was made from.
 */
export const revisionOf = (spec: EphemeralRunnerSpec): string =>
  stableHash({ ...spec, proxySecretRef: undefined });
