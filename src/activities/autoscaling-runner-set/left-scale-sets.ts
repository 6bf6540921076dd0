import { LEFT_SCALE_SETS_ANNOTATION } from '../../api/annotations.ts';
import type { AutoscalingRunnerSet } from '../../api/v1alpha1/autoscaling-runner-set.ts';
import { isSameConfigUrl } from '../../github/config-url.ts';
import { isDecision } from '../../github/errors.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { autoscalingRunnerSets, ephemeralRunnerSets } from '../../kubernetes/client/resources.ts';
import { ownerOf } from '../../kubernetes/objects/scale-set.ts';
import type { GitHubAccess, GitHubAccessDeps } from '../github-access/connect.ts';
import { accessGitHub } from '../github-access/connect.ts';
import type { ScaleSetAtUrl } from './policies/scale-set-holders.ts';
import { holderName, holds, otherHolders } from './policies/scale-set-holders.ts';
import { readAllScaleSets } from './read-scale-set.ts';

/** How GitHub is reached, but for the URL. Names of Secrets and the like: nothing in it is secret. */
type AccessBesideUrl = Omit<GitHubAccess, 'githubConfigUrl'>;

/** A scale set that is still at GitHub, at a URL that its AutoscalingRunnerSet has left. */
export interface LeftScaleSet extends ScaleSetAtUrl {
  /** How GitHub was reached there: another URL may need other credentials. */
  access?: AccessBesideUrl;
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
  const { id, url, access = {} } = (value ?? {}) as Partial<Record<keyof LeftScaleSet, unknown>>;
  return Number.isSafeInteger(id) && typeof url === 'string' && typeof access === 'object' && access !== null;
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
  /** Where AutoscalingRunnerSets are served; empty: everywhere. */
  namespaces: readonly string[];
}

/** What became of those that were noted. */
export interface LeftOutcome {
  /** No longer ours to look after. */
  gone: LeftScaleSet[];
  /** An AutoscalingRunnerSet has it, and keeps it. */
  kept: (LeftScaleSet & { holder: string })[];
  /** Still noted. */
  left: (LeftScaleSet & { why: string })[];
}

/**
 * Deletes the scale sets that are noted, each for itself, and then their notes. One that has jobs, or whose GitHub does not
 * answer, stays noted for the next try; one that an AutoscalingRunnerSet has, this one included, is let be.
 *
 * @param access how GitHub is reached now: for those that were noted without, and where theirs is of no use any more
 */
export async function deleteLeft(
  deps: LeftScaleSetsDeps,
  { scaleSet, access }: { scaleSet: AutoscalingRunnerSet; access: GitHubAccess },
  options: { signal: AbortSignal },
): Promise<LeftOutcome> {
  const outcome: LeftOutcome = { gone: [], kept: [], left: [] };
  if (scaleSet.metadata.annotations?.[LEFT_SCALE_SETS_ANNOTATION] === undefined) return outcome;
  const noted = leftScaleSets(scaleSet);
  const all = noted.length === 0 ? [] : await readAllScaleSets(deps.kubernetes, deps.namespaces);
  for (const one of noted) {
    const holder = holds(scaleSet, one) ? scaleSet : otherHolders(one, scaleSet, all)[0];
    const why = holder ? undefined : await deleteOne(deps, { one, scaleSet, access }, options);
    if (holder) outcome.kept.push({ ...one, holder: holderName(holder) });
    else if (why === undefined) outcome.gone.push(one);
    else outcome.left.push({ ...one, why });
  }
  await noteThoseLeft(deps.kubernetes, scaleSet, outcome.left);
  return outcome;
}

/** @returns why it is still there, if it is */
async function deleteOne(
  deps: LeftScaleSetsDeps,
  { one, scaleSet, access }: { one: LeftScaleSet; scaleSet: AutoscalingRunnerSet; access: GitHubAccess },
  options: { signal: AbortSignal },
): Promise<string | undefined> {
  let why: string | undefined;
  for (const each of one.access ? [one.access as GitHubAccess, access] : [access]) {
    try {
      const { namespace = '' } = scaleSet.metadata;
      const github = await accessGitHub(deps, namespace, { ...each, githubConfigUrl: one.url });
      await github.deleteScaleSet(one.id, options);
      return undefined;
    } catch (error) {
      if (isDecision(error, 'not-found')) return undefined;
      why ??= error instanceof Error ? error.message : String(error);
    }
  }
  return why;
}

/** A note that says nothing goes; it is not written on another one of the same name. */
async function noteThoseLeft(
  kubernetes: KubernetesClient,
  { metadata: { namespace = '', name = '', uid, annotations } }: AutoscalingRunnerSet,
  left: readonly (LeftScaleSet & { why: string })[],
): Promise<void> {
  const note = left.length === 0 ? null : JSON.stringify(left.map(({ why: _why, ...one }) => one));
  if (note === annotations?.[LEFT_SCALE_SETS_ANNOTATION]) return;
  const metadata = { uid, annotations: { [LEFT_SCALE_SETS_ANNOTATION]: note } };
  await kubernetes.mergePatch(autoscalingRunnerSets, { namespace, name }, { metadata });
}

/** How GitHub was reached at a URL that is being left, as its runners still have it; `undefined` if none has. */
export async function accessLeft(
  kubernetes: Pick<KubernetesClient, 'list'>,
  { metadata: { namespace, name } }: AutoscalingRunnerSet,
  url: string,
): Promise<AccessBesideUrl | undefined> {
  const { items } = await kubernetes.list(ephemeralRunnerSets, { namespace });
  const specs = items.filter((set) => ownerOf(set) === name).map(({ spec }) => spec.ephemeralRunnerSpec);
  const spec = specs.find((each) => isSameConfigUrl(each?.githubConfigUrl ?? '', url));
  if (!spec) return undefined;
  const { githubConfigSecret, githubServerTLS, proxy, vaultConfig } = spec;
  return {
    githubConfigSecret,
    ...(githubServerTLS && { githubServerTLS }),
    ...(proxy && { proxy }),
    ...(vaultConfig && { vaultConfig }),
  };
}
