import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureTools } from '../toolchain.ts';
import type { GitHubTarget } from './settings.ts';

const file = join(import.meta.dirname, '..', 'samples', 'demo.yaml');

/** The manifests of the sample set, filled in for one GitHub. */
export function demoManifests({ configUrl, token, scaleSetId }: GitHubTarget): string {
  const values: Record<string, string> = {
    GITHUB_CONFIG_URL: JSON.stringify(configUrl),
    GITHUB_TOKEN: JSON.stringify(token),
    RUNNER_SCALE_SET_ID: String(scaleSetId),
  };
  return readFileSync(file, 'utf8').replace(/\$\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** Applies the sample set with no replicas; runners that an earlier run left behind go away by that. */
export async function applyDemo(kubeconfig: string, github: GitHubTarget): Promise<void> {
  const { kubectl } = await ensureTools(['kubectl']);
  const args = ['--kubeconfig', kubeconfig, 'apply', '--server-side', '--force-conflicts', '-f', '-'];
  await new Promise<void>((resolve, reject) => {
    const child = execFile(kubectl, args, (error, _out, stderr) => {
      if (error) reject(new Error(`The sample set was not taken: ${stderr.trim()}`));
      else resolve();
    });
    child.stdin?.end(demoManifests(github));
  });
}
