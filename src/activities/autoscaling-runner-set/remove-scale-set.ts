import { ApplicationFailure, Context } from '@temporalio/activity';
import { CONFIG_URL_ANNOTATION, RUNNER_SCALE_SET_ID_ANNOTATION } from '../../api/annotations.ts';
import type { AutoscalingRunnerSet } from '../../api/v1alpha1/autoscaling-runner-set.ts';
import { shownConfigUrl } from '../../github/config-url.ts';
import { isDecision } from '../../github/errors.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ignoreNotFound } from '../../kubernetes/client/errors.ts';
import { autoscalingRunnerSets } from '../../kubernetes/client/resources.ts';
import { scaleSetIdOf } from '../../kubernetes/objects/scale-set.ts';
import { judged } from '../failures.ts';
import type { GitHubAccessDeps } from '../github-access/connect.ts';
import { accessGitHub } from '../github-access/connect.ts';
import { deleteLeft } from './left-scale-sets.ts';
import { accessOf } from './prepare-scale-set.ts';
import type { ScaleSetTarget } from './read-scale-set.ts';
import { holderName, otherHolders } from './policies/scale-set-holders.ts';
import { readAllScaleSets, readScaleSet } from './read-scale-set.ts';

/** Whose scale set to delete at GitHub. */
export interface RemoveScaleSetInput extends ScaleSetTarget {
  /** The deadline has passed: go on without GitHub, and say what was left there. */
  force?: true;
}

/** What deleting a scale set at GitHub needs. */
export interface RemoveScaleSetDeps extends GitHubAccessDeps {
  kubernetes: KubernetesClient;
  /** Where AutoscalingRunnerSets are served; empty: everywhere. */
  namespaces: readonly string[];
}

/** What is still at GitHub after a deletion, in words. */
export interface RemovedScaleSet {
  /** Nobody looks after it any more. */
  leaked?: string;
  /** Another AutoscalingRunnerSet has it. */
  kept?: string;
}

/**
 * Deletes the scale set at GitHub, and then the annotation with its id. One that GitHub does not know counts as deleted;
 * one that another AutoscalingRunnerSet has stays.
 *
 * @returns what was left at GitHub, if anything
 */
export const removeScaleSetActivity =
  (deps: RemoveScaleSetDeps) =>
  ({ force, ...target }: RemoveScaleSetInput): Promise<RemovedScaleSet> =>
    judged(async () => {
      const scaleSet = await readScaleSet(deps.kubernetes, target);
      if (!scaleSet) return {};
      const others = await removeLeft(deps, scaleSet, force);
      const id = scaleSetIdOf(scaleSet);
      if (id === 0) return leakOf(others);
      const holder = await holderOf(deps, scaleSet, id);
      const own = holder
        ? undefined
        : await attempt(() => deleteAtGitHub(deps, scaleSet, id), { force, scaleSet, id });
      // Asking GitHub took its time: another one may have the name by now.
      if (!(await readScaleSet(deps.kubernetes, target))) return leakOf(others, own);
      const { namespace, name } = target;
      const metadata = { uid: target.uid, annotations: { [RUNNER_SCALE_SET_ID_ANNOTATION]: null } };
      await ignoreNotFound(
        deps.kubernetes.mergePatch(autoscalingRunnerSets, { namespace, name }, { metadata }),
      );
      const kept = holder && `Scale set ${id} stays at GitHub: AutoscalingRunnerSet ${holder} has it.`;
      return { ...leakOf(others, own), ...(kept !== undefined && { kept }) };
    });

/** Another one that has the scale set as well, and goes on with it. */
async function holderOf(
  { kubernetes, namespaces }: RemoveScaleSetDeps,
  scaleSet: AutoscalingRunnerSet,
  id: number,
): Promise<string | undefined> {
  const all = await readAllScaleSets(kubernetes, namespaces);
  const [other] = otherHolders({ id, url: urlOf(scaleSet) }, scaleSet, all);
  return other && holderName(other);
}

function leakOf(...messages: (string | undefined)[]): { leaked?: string } {
  const leaked = messages.filter((message) => message !== undefined).join(' ');
  return leaked === '' ? {} : { leaked };
}

/** What a move to another URL has left there goes as well. */
async function removeLeft(
  deps: RemoveScaleSetDeps,
  scaleSet: AutoscalingRunnerSet,
  force: true | undefined,
): Promise<string | undefined> {
  const options = { signal: Context.current().cancellationSignal };
  const { left } = await deleteLeft(deps, { scaleSet, access: accessOf(scaleSet) }, options);
  if (left.length === 0) return undefined;
  const message = left
    .map(
      ({ id, url, why }) => `Scale set ${id} was left at ${shownConfigUrl(url)}; delete it there (${why}).`,
    )
    .join(' ');
  if (force) return message;
  throw ApplicationFailure.create({ type: 'ScaleSetLeftBehind', message, nextRetryDelay: '2s' });
}

async function attempt(
  work: () => Promise<void>,
  { force, scaleSet, id }: { force: true | undefined; scaleSet: AutoscalingRunnerSet; id: number },
): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!force) throw error;
    const why = error instanceof Error ? error.message : String(error);
    return `Scale set ${id} was left at ${shownConfigUrl(urlOf(scaleSet))}; delete it there (${why}).`;
  }
}

/** Where the id is valid: the spec may have been moved to another URL since. */
const urlOf = ({ metadata, spec }: AutoscalingRunnerSet): string =>
  metadata.annotations?.[CONFIG_URL_ANNOTATION] ?? spec.githubConfigUrl ?? '';

async function deleteAtGitHub(
  deps: RemoveScaleSetDeps,
  scaleSet: AutoscalingRunnerSet,
  id: number,
): Promise<void> {
  const access = { ...accessOf(scaleSet), githubConfigUrl: urlOf(scaleSet) };
  const github = await accessGitHub(deps, scaleSet.metadata.namespace ?? '', access);
  try {
    await github.deleteScaleSet(id, { signal: Context.current().cancellationSignal });
  } catch (error) {
    if (isDecision(error, 'not-found')) return;
    if (!isDecision(error, 'job-still-running')) throw error;
    const { message } = error;
    throw ApplicationFailure.create({ type: 'JobStillRunning', message, nextRetryDelay: '2s', cause: error });
  }
}
