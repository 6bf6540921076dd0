import { Context } from '@temporalio/activity';
import {
  CONFIG_URL_ANNOTATION,
  RUNNER_GROUP_NAME_ANNOTATION,
  RUNNER_SCALE_SET_ID_ANNOTATION,
  RUNNER_SCALE_SET_NAME_ANNOTATION,
} from '../../api/annotations.ts';
import { INVALID_NAME } from '../../api/conditions.ts';
import type { ResourceEvent } from '../../api/event.ts';
import { AUTOSCALING_RUNNER_SET_FINALIZER } from '../../api/finalizers.ts';
import type { AutoscalingRunnerSet } from '../../api/v1alpha1/autoscaling-runner-set.ts';
import { fitting } from '../../api/text-limits.ts';
import { scaleSetNameProblem } from '../../api/names.ts';
import { isSameConfigUrl, parseConfigUrl, shownConfigUrl } from '../../github/config-url.ts';
import { GitHubError, isDecision } from '../../github/errors.ts';
import type { ScaleSetChange, ScaleSetClient } from '../../github/scale-set-client.ts';
import type { RunnerScaleSet } from '../../github/wire.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { autoscalingRunnerSets } from '../../kubernetes/client/resources.ts';
import { metadataPatch } from '../../kubernetes/drift.ts';
import { setFinalizer } from '../../kubernetes/finalizers.ts';
import { scaleSetIdOf, urlLabels } from '../../kubernetes/objects/scale-set.ts';
import { SetupError, judge, judged } from '../failures.ts';
import type { GitHubAccess, GitHubAccessDeps } from '../github-access/connect.ts';
import { accessGitHub } from '../github-access/connect.ts';
import { specHashOf, specProblemOf, gitHubAnnotationsOf } from './policies/desired-children.ts';
import { desiredChange, desiredLabels, isDefaultGroup, missingLabels } from './policies/desired-scale-set.ts';
import { adoptionProblem, currentScaleSetId, takenProblem } from './policies/scale-set-holders.ts';
import type { LeftScaleSet } from './left-scale-sets.ts';
import { accessLeft, deleteLeft, noteOf } from './left-scale-sets.ts';
import type { ScaleSetTarget } from './read-scale-set.ts';
import { readAllScaleSets, readScaleSet } from './read-scale-set.ts';

/** What preparing a scale set at GitHub needs. */
export interface PrepareScaleSetDeps extends GitHubAccessDeps {
  kubernetes: KubernetesClient;
  /** Where AutoscalingRunnerSets are served; empty: everywhere. */
  namespaces: readonly string[];
}

/** The scale set at GitHub as it now stands for the AutoscalingRunnerSet. */
export interface PreparedScaleSet {
  /** As in `ObservedAutoscalingRunnerSet`: what the spec asked for, and what the annotations now say. */
  specHash: string;
  gitHubAnnotations: string;
  scaleSetId: number;
  group: string;
  scaleSetName: string;
  /** Labels that GitHub did not keep. */
  missingLabels: string[];
  /** What GitHub would not change of it; it goes on as it is, and that is tried again. */
  refused?: { reason: string; message: string };
  events: ResourceEvent[];
}

/**
 * Brings the scale set at GitHub to what the spec asks for: found or created, moved to its group, renamed, labelled,
 * created again when it has vanished. The finalizer comes first, so that no scale set is forgotten. Safe to repeat.
 *
 * @returns `undefined` when the AutoscalingRunnerSet is gone or going
 */
export const prepareScaleSetActivity =
  (deps: PrepareScaleSetDeps) =>
  (target: ScaleSetTarget): Promise<PreparedScaleSet | undefined> =>
    judged(async () => {
      const scaleSet = await readScaleSet(deps.kubernetes, target);
      if (!scaleSet || scaleSet.metadata.deletionTimestamp !== undefined) return undefined;
      mustMakeSense(scaleSet);
      const finalizer = AUTOSCALING_RUNNER_SET_FINALIZER;
      await setFinalizer(
        deps.kubernetes,
        { resource: autoscalingRunnerSets, ...target },
        { finalizer, present: true },
      );
      await mustBeOurs(deps, scaleSet);
      const github = await accessGitHub(deps, target.namespace, accessOf(scaleSet));
      const options = { signal: Context.current().cancellationSignal };
      const work: Work = { deps, github, scaleSet, options, events: [] };
      const found = await bring(work);
      const written = await annotate(work, found);
      await leaveOldUrls(deps, written, work);
      return {
        specHash: specHashOf(scaleSet),
        gitHubAnnotations: gitHubAnnotationsOf(written),
        scaleSetId: found.id,
        group: found.runnerGroupName,
        scaleSetName: found.name,
        missingLabels: toldLabels(missingLabels(found, desiredLabels(scaleSet.spec, found.name))),
        ...(work.refused && { refused: work.refused }),
        events: work.events,
      };
    });

/** So many labels are told of: who asks for thousands sees what happens to them by the first. */
const MOST_LABELS = 20;

const toldLabels = (labels: readonly string[]): string[] =>
  labels.slice(0, MOST_LABELS).map((label) => fitting(label, 'words'));

function mustMakeSense(scaleSet: AutoscalingRunnerSet): void {
  const nameProblem = scaleSetNameProblem(scaleSet.metadata.name ?? '');
  if (nameProblem !== undefined) throw new SetupError(INVALID_NAME, nameProblem);
  const problem = specProblemOf(scaleSet);
  if (problem) throw new SetupError(problem.reason, problem.message);
}

/** How a scale set's spec says GitHub is to be reached. */
export function accessOf({ spec }: AutoscalingRunnerSet): GitHubAccess {
  const { githubConfigUrl = '', githubConfigSecret = '', githubServerTLS, proxy, vaultConfig } = spec;
  return {
    githubConfigUrl,
    githubConfigSecret,
    ...(githubServerTLS && { githubServerTLS }),
    ...(proxy && { proxy }),
    ...(vaultConfig && { vaultConfig }),
  };
}

interface Work {
  deps: PrepareScaleSetDeps;
  github: ScaleSetClient;
  scaleSet: AutoscalingRunnerSet;
  options: { signal: AbortSignal };
  events: ResourceEvent[];
  refused?: PreparedScaleSet['refused'];
}

/** Of several that have one scale set, the oldest goes on with it. */
async function mustBeOurs(
  { kubernetes, namespaces }: PrepareScaleSetDeps,
  scaleSet: AutoscalingRunnerSet,
): Promise<void> {
  if (currentScaleSetId(scaleSet) === 0) return;
  const problem = takenProblem(scaleSet, await readAllScaleSets(kubernetes, namespaces));
  if (problem) throw new SetupError(problem.reason, problem.message);
}

/** Finds it by id, then by name, or creates it; then changes what differs. */
async function bring(work: Work): Promise<RunnerScaleSet> {
  const { github, scaleSet, options } = work;
  const id = currentScaleSetId(scaleSet);
  const known = id > 0 ? await github.getScaleSet(id, options) : undefined;
  if (known) return change(work, known);
  const wanted = scaleSet.spec.runnerScaleSetName || (scaleSet.metadata.name ?? '');
  const runnerGroupId = await groupIdOf(work);
  const namesake = await github.getScaleSetByName({ name: wanted, runnerGroupId }, options);
  if (namesake) {
    await mustBeFree(work, namesake);
    return change(work, namesake);
  }
  const created = await create(work, { name: wanted, runnerGroupId });
  const told =
    id > 0
      ? {
          type: 'Warning' as const,
          reason: 'ScaleSetRecreated',
          about: `Scale set ${id} is gone from GitHub: `,
        }
      : { type: 'Normal' as const, reason: 'ScaleSetCreated', about: '' };
  const { about, ...event } = told;
  work.events.push({
    ...event,
    message: `${about}"${created.name}" was created (id ${created.id}).`,
  });
  return created;
}

/** One that an older AutoscalingRunnerSet has is noted as ours as well: when that one goes, it stays, with its jobs. */
async function mustBeFree(work: Work, namesake: RunnerScaleSet): Promise<void> {
  const { kubernetes, namespaces } = work.deps;
  const all = await readAllScaleSets(kubernetes, namespaces);
  const problem = adoptionProblem(work.scaleSet, all, namesake.id);
  if (problem?.next) await annotate(work, namesake);
  if (problem) throw new SetupError(problem.reason, problem.message);
}

async function create(
  { github, scaleSet, options }: Work,
  { name, runnerGroupId }: { name: string; runnerGroupId: number },
): Promise<RunnerScaleSet> {
  const labels = desiredLabels(scaleSet.spec, name);
  try {
    return await github.createScaleSet({ name, runnerGroupId, labels }, options);
  } catch (error) {
    if (!isNameTaken(error)) throw error;
    const remedy = 'give this one another spec.runnerScaleSetName, or delete that one at GitHub';
    const message = `GitHub has another scale set "${name}", which is not to be had in this runner group; ${remedy} (${error.message}).`;
    throw new SetupError('ScaleSetNameTaken', message, error);
  }
}

const isNameTaken = (error: unknown): error is GitHubError =>
  error instanceof GitHubError && error.status === 409 && error.decision === 'refused';

async function groupIdOf({ github, scaleSet, options }: Work): Promise<number> {
  const { runnerGroup } = scaleSet.spec;
  if (isDefaultGroup(runnerGroup)) return 1;
  try {
    return (await github.getRunnerGroupByName(runnerGroup ?? '', options)).id;
  } catch (error) {
    if (!isDecision(error, 'not-found')) throw error;
    const remedy = 'create it, or name another';
    const message = `spec.runnerGroup: GitHub has no runner group "${runnerGroup ?? ''}" here; ${remedy}.`;
    throw new SetupError('RunnerGroupNotFound', message, error);
  }
}

async function change(work: Work, found: RunnerScaleSet): Promise<RunnerScaleSet> {
  const { scaleSet } = work;
  const { move, ...rest } = desiredChange(scaleSet.spec, found);
  try {
    const wanted = { ...rest, ...(move && { runnerGroupId: await groupIdOf(work) }) };
    if (Object.keys(wanted).length === 0) return found;
    return await update(work, found, wanted);
  } catch (error) {
    work.refused = refusalOf(error, found);
    return found;
  }
}

async function update(
  { github, options, events }: Work,
  found: RunnerScaleSet,
  wanted: ScaleSetChange,
): Promise<RunnerScaleSet> {
  const changed = await github.updateScaleSet(found.id, wanted, options);
  const words = Object.keys(wanted).join(', ');
  const message = `Scale set "${changed.name}" (id ${changed.id}) was changed at GitHub: ${words}.`;
  events.push({ type: 'Normal', reason: 'ScaleSetChanged', message });
  return changed;
}

/**
 * Why GitHub does not change a scale set that exists, where only a person can help: it goes on as it is, in the group that
 * it is in and under its name. Whatever else there was is thrown.
 */
function refusalOf(error: unknown, found: RunnerScaleSet): PreparedScaleSet['refused'] {
  const isRefused = error instanceof SetupError || isDecision(error, 'refused');
  if (!isRefused) throw error;
  const { reason, message } = judge(error);
  const goesOn = `Scale set ${found.id} goes on as "${found.name}" in runner group "${found.runnerGroupName}".`;
  if (!isNameTaken(error)) return { reason, message: `${message.replace(/\.$/, '')}. ${goesOn}` };
  const remedy = 'GitHub has another scale set of this name there: give this one another name or group';
  return { reason: 'ScaleSetNameTaken', message: `${remedy} (${message}). ${goesOn}` };
}

/** Annotations and URL labels, as far as they differ. */
async function annotate(
  { deps: { kubernetes }, scaleSet }: Work,
  found: RunnerScaleSet,
): Promise<AutoscalingRunnerSet> {
  const { namespace = '', name = '', uid } = scaleSet.metadata;
  const config = parseConfigUrl(scaleSet.spec.githubConfigUrl ?? '');
  const left = await leftBehind(kubernetes, scaleSet);
  const annotations = {
    ...(left && noteOf(scaleSet, left)),
    [RUNNER_SCALE_SET_ID_ANNOTATION]: String(found.id),
    [RUNNER_SCALE_SET_NAME_ANNOTATION]: found.name,
    [RUNNER_GROUP_NAME_ANNOTATION]: found.runnerGroupName,
    [CONFIG_URL_ANNOTATION]: config.url,
  };
  const labels = urlLabels(config);
  const metadata = metadataPatch(scaleSet, { metadata: { annotations, labels } });
  if (!metadata) return scaleSet;
  // Asking GitHub took its time: another one may have the name by now, which is a conflict.
  return kubernetes.mergePatch(
    autoscalingRunnerSets,
    { namespace, name },
    { metadata: { ...metadata, uid } },
  );
}

/** The URL at which the id of the annotation is valid, if that is no longer the one of the spec. */
function oldUrlOf({ metadata, spec }: AutoscalingRunnerSet): string | undefined {
  const noted = metadata.annotations?.[CONFIG_URL_ANNOTATION];
  return noted !== undefined && !isSameConfigUrl(noted, spec.githubConfigUrl ?? '') ? noted : undefined;
}

/** What a move to another URL leaves behind, if this is one. */
async function leftBehind(
  kubernetes: KubernetesClient,
  scaleSet: AutoscalingRunnerSet,
): Promise<LeftScaleSet | undefined> {
  const [url, id] = [oldUrlOf(scaleSet), scaleSetIdOf(scaleSet)];
  if (url === undefined || id === 0) return undefined;
  const access = await accessLeft(kubernetes, scaleSet, url);
  return { id, url: shownConfigUrl(url) || url, ...(access && { access }) };
}

/** After a move to another URL, the scale set at the old one goes, as soon as it can be reached and runs no job. */
async function leaveOldUrls(
  deps: PrepareScaleSetDeps,
  written: AutoscalingRunnerSet,
  { scaleSet, options, events }: Work,
): Promise<void> {
  const isNew = { id: scaleSetIdOf(scaleSet), url: oldUrlOf(scaleSet) };
  const { gone, kept, left } = await deleteLeft(
    deps,
    { scaleSet: written, access: accessOf(scaleSet) },
    options,
  );
  for (const { id, url } of gone) {
    const message = `Scale set ${id} was deleted at ${shownConfigUrl(url)}, which this one has left.`;
    events.push({ type: 'Normal', reason: 'ScaleSetDeleted', message });
  }
  for (const { id, url, holder } of kept) {
    const message = `Scale set ${id} at ${shownConfigUrl(url)}, which this one has left, stays for AutoscalingRunnerSet ${holder}.`;
    events.push({ type: 'Normal', reason: 'ScaleSetKept', message });
  }
  // Told once; it is tried again and again.
  const told = left.find(({ id, url }) => id === isNew.id && isSameConfigUrl(url, isNew.url ?? ''));
  if (told) {
    const message = `Scale set ${told.id} was left behind at ${shownConfigUrl(told.url)}; it is deleted as soon as that can be done (${told.why}).`;
    events.push({ type: 'Warning', reason: 'ScaleSetLeftBehind', message });
  }
}
