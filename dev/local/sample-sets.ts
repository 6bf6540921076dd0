import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyText } from '../cluster/apply.ts';
import type { GitHubTarget } from './settings.ts';

const samples = join(import.meta.dirname, '..', 'samples');

/** `demo`: a set that is scaled by hand; `queue`: one that follows its queue. */
export type Sample = 'demo' | 'queue';

/** The manifests of samples, filled in for one GitHub. */
export function sampleManifests(
  { configUrl, token, scaleSetId }: GitHubTarget,
  names: readonly Sample[] = ['demo'],
): string {
  const values: Record<string, string> = {
    GITHUB_CONFIG_URL: JSON.stringify(configUrl),
    GITHUB_TOKEN: JSON.stringify(token),
    RUNNER_SCALE_SET_ID: String(scaleSetId),
  };
  const text = names.map((name) => readFileSync(join(samples, `${name}.yaml`), 'utf8')).join('---\n');
  return text.replace(/\$\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** Applies samples, with no replicas; runners that an earlier run left behind go away by that. */
export async function applySamples(
  kubeconfig: string,
  github: GitHubTarget,
  names: readonly Sample[],
): Promise<void> {
  await applyText(kubeconfig, sampleManifests(github, names));
}
