import { LEFT_SCALE_SETS_ANNOTATION } from '../../api/annotations.ts';
import type { AutoscalingRunnerSet } from '../../api/v1alpha1/autoscaling-runner-set.ts';
import { isDecision } from '../../github/errors.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { autoscalingRunnerSets } from '../../kubernetes/client/resources.ts';
import type { GitHubAccess, GitHubAccessDeps } from '../github-access/connect.ts';
import { accessGitHub } from '../github-access/connect.ts';

/** A scale set that is still at GitHub, at a URL that its AutoscalingRunnerSet has left. */
export interface LeftScaleSet {
  id: number;
  url: string;
}

/** Those that are noted on an AutoscalingRunnerSet. What cannot be read is none. */
export function leftScaleSets({ metadata }: Pick<AutoscalingRunnerSet, 'metadata'>): LeftScaleSet[] {
  try {
    const noted: unknown = JSON.parse(metadata.annotations?.[LEFT_SCALE_SETS_ANNOTATION] ?? '[]');
    return Array.isArray(noted) ? noted.filter(isLeft) : [];
  } catch {
    return [];
  }
}

const isLeft = (value: unknown): value is LeftScaleSet => {
  const { id, url } = (value ?? {}) as Partial<Record<keyof LeftScaleSet, unknown>>;
  return Number.isSafeInteger(id) && typeof url === 'string';
};

/** The annotation that notes one more; it is written before its successor is, so that none is forgotten. */
export function noteOf(
  scaleSet: Pick<AutoscalingRunnerSet, 'metadata'>,
  one: LeftScaleSet,
): Record<string, string> {
  const others = leftScaleSets(scaleSet).filter(({ id, url }) => id !== one.id || url !== one.url);
  return { [LEFT_SCALE_SETS_ANNOTATION]: JSON.stringify([...others, one]) };
}

/** What deleting them needs. */
export interface LeftScaleSetsDeps extends GitHubAccessDeps {
  kubernetes: KubernetesClient;
}

/**
 * Deletes the scale sets that are noted, each for itself, and then their notes. One that has jobs, or whose GitHub does not
 * answer, stays noted for the next try.
 *
 * @param access how GitHub is reached; the URL is that of the note
 * @returns which are gone, and why the others are not
 */
export async function deleteLeft(
  deps: LeftScaleSetsDeps,
  { scaleSet, access }: { scaleSet: AutoscalingRunnerSet; access: GitHubAccess },
  options: { signal: AbortSignal },
): Promise<{ gone: LeftScaleSet[]; left: (LeftScaleSet & { why: string })[] }> {
  const { namespace = '', name = '' } = scaleSet.metadata;
  const gone: LeftScaleSet[] = [];
  const left: (LeftScaleSet & { why: string })[] = [];
  for (const one of leftScaleSets(scaleSet)) {
    try {
      const github = await accessGitHub(deps, namespace, { ...access, githubConfigUrl: one.url });
      await github.deleteScaleSet(one.id, options);
      gone.push(one);
    } catch (error) {
      if (isDecision(error, 'not-found')) gone.push(one);
      else left.push({ ...one, why: error instanceof Error ? error.message : String(error) });
    }
  }
  if (gone.length > 0) {
    const rest = left.map(({ id, url }) => ({ id, url }));
    const note = rest.length > 0 ? JSON.stringify(rest) : null;
    const metadata = { annotations: { [LEFT_SCALE_SETS_ANNOTATION]: note } };
    await deps.kubernetes.mergePatch(autoscalingRunnerSets, { namespace, name }, { metadata });
  }
  return { gone, left };
}
