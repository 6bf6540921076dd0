/** Which parts exist already, by the environment; what is absent `make run` brings up itself. */
export interface RunSettings {
  temporalAddress: string | undefined;
  kubeconfig: string | undefined;
  github: GitHubTarget | undefined;
}

/** A scale set at a GitHub, and a token that may register runners there. */
export interface GitHubTarget {
  configUrl: string;
  token: string;
  scaleSetId: number;
}

/**
 * Reads TEMPORAL_ADDRESS, KUBECONFIG and GITHUB_CONFIG_URL (with GITHUB_TOKEN and RUNNER_SCALE_SET_ID). Throws when a
 * GitHub is named and the rest of what it needs is not.
 */
export function readSettings(env: NodeJS.ProcessEnv): RunSettings {
  return {
    temporalAddress: env['TEMPORAL_ADDRESS'] || undefined,
    kubeconfig: env['KUBECONFIG'] || undefined,
    github: readGitHub(env),
  };
}

function readGitHub(env: NodeJS.ProcessEnv): GitHubTarget | undefined {
  const configUrl = env['GITHUB_CONFIG_URL'];
  if (!configUrl) return undefined;
  const token = env['GITHUB_TOKEN'];
  if (!token)
    throw new Error('GITHUB_CONFIG_URL is set, GITHUB_TOKEN is not: set it to a token for that URL.');
  const scaleSetId = Number(env['RUNNER_SCALE_SET_ID']);
  if (!Number.isInteger(scaleSetId) || scaleSetId < 1) {
    throw new Error(
      'GITHUB_CONFIG_URL is set: set RUNNER_SCALE_SET_ID to the id of a scale set there, such as 7.',
    );
  }
  return { configUrl, token, scaleSetId };
}
