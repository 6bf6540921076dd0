import type { ClientConnectConfig } from '@temporalio/envconfig';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { ConfigurationError } from './configuration.ts';
import type { WorkerConfiguration } from './settings.ts';

/** Which Temporal is meant; what is absent comes from the profile and the environment. */
export type TemporalTarget = Pick<
  WorkerConfiguration,
  'temporalAddress' | 'temporalNamespace' | 'temporalProfile'
>;

/** How Temporal is reached, as its own profiles and variables say (`@temporalio/envconfig`). */
export type TemporalConfig = ClientConnectConfig & { namespace: string };

/** Temporal does not answer. */
export class TemporalUnreachableError extends Error {
  override readonly name = 'TemporalUnreachableError';
}

const DEFAULT_ADDRESS = 'localhost:7233';

/**
 * How to connect to Temporal: the standard configuration (file and `TEMPORAL_…` variables), then the target's own
 * values.
 *
 * @throws ConfigurationError when the profile cannot be read or does not exist
 */
export function temporalConfig(
  { temporalAddress, temporalNamespace, temporalProfile }: TemporalTarget,
  env: Readonly<Record<string, string | undefined>>,
): TemporalConfig {
  const variables = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({
      ...(temporalProfile === undefined ? {} : { profile: temporalProfile }),
      overrideEnvVars: {
        ...Object.fromEntries(variables),
        ...(temporalAddress === undefined ? {} : { TEMPORAL_ADDRESS: temporalAddress }),
        ...(temporalNamespace === undefined ? {} : { TEMPORAL_NAMESPACE: temporalNamespace }),
      },
    });
    const address = connectionOptions.address ?? DEFAULT_ADDRESS;
    return { connectionOptions: { ...connectionOptions, address }, namespace: namespace ?? 'default' };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `--profile (or TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE): ${why}`;
    throw new ConfigurationError([{ source: '--profile', message }]);
  }
}
