import type { PodState, Words } from '../../kubernetes/pod-state.ts';
import { isDone } from '../../api/v1alpha1/phases.ts';
import type { RunnerSetTarget } from './workflow-target.ts';
import type { RunnerSetLoad } from '../autoscaling-listener/policies/capacity.ts';
import { NO_LOAD } from '../autoscaling-listener/policies/capacity.ts';
import type { OwnedRunner } from './observed-runners.ts';
import { observedPod } from './observed-runners.ts';
import type { WatchedRunnerSet } from './metrics.ts';
import type { RunnerSetObservation, ObservedRunner, ObservedRunnerSet } from '../../messages/observations.ts';

/** One target's part of the store, and what it has not been told yet. */
interface Part extends RunnerSetTarget {
  resource: ObservedRunnerSet | undefined;
  runners: Map<string, ObservedRunner>;
  news: { since: number; set: boolean; runners: Set<string>; gone: Set<string> };
}

/** Runners in one message at most. */
const MOST_RUNNERS = 1_000;

/** Their bytes in one message at most: Temporal warns of 256 KiB, and takes no more than 2 MiB. */
const MOST_BYTES = 200 * 1024;

/** An EphemeralRunnerSet as it was observed, with its key. */
export interface NamedRunnerSet {
  namespace: string;
  name: string;
  runnerSet: ObservedRunnerSet;
}

/**
 * What the watch knows of the cluster, reduced to what decisions need, sorted by who must be told. Changes that make no difference to
 * that are no news. Holds no client: lists and changes are fed in, observations are taken out.
 */
export class RunnerStore {
  private readonly parts = new Map<string, Part>();
  private readonly pods = new Map<string, PodState>();
  /** Uid of the pod that a runner had last, where it is gone: one that came and went at once is told of as well. */
  private readonly goneUids = new Map<string, string>();
  /** By uid of a pod that has not started: what the kubelet says of its volumes. */
  private readonly troubles = new Map<string, Words>();
  /** Where each runner is kept. */
  private readonly homes = new Map<string, string>();
  private snapshots = 0;
  private readonly onNews: (target: RunnerSetTarget) => void;
  private readonly clock: () => number;

  /** @param onNews called for each target that there is something to tell */
  constructor(onNews: (target: RunnerSetTarget) => void, clock: () => number = Date.now) {
    this.onNews = onNews;
    this.clock = clock;
  }

  targets(): RunnerSetTarget[] {
    return [...this.parts.values()].map(targetOf);
  }

  /** @param within the namespace that was listed; all of them unless given. Likewise below. */
  replaceSets(all: NamedRunnerSet[], within?: string): void {
    const present = new Set(all.map(({ namespace, name }) => keyOf({ namespace, runnerSet: name })));
    for (const [key, part] of this.parts) {
      if (part.runnerSet === undefined || present.has(key) || !isWithin(within, part.namespace)) continue;
      this.removeSet(part.namespace, part.runnerSet);
    }
    for (const observed of all) this.putSet(observed);
  }

  putSet({ namespace, name, runnerSet }: NamedRunnerSet): void {
    const part = this.partOf({ namespace, runnerSet: name });
    const { surroundings } = part.resource?.uid === runnerSet.uid ? part.resource : {};
    const resource = { ...runnerSet, ...(surroundings !== undefined && { surroundings }) };
    if (same(part.resource, resource)) return;
    part.resource = resource;
    this.announce(part, (news) => (news.set = true));
  }

  /** What surrounds a set that is blocked has changed. */
  noteSurroundings(target: RunnerSetTarget, surroundings: string): void {
    const part = this.parts.get(keyOf(target));
    if (!part?.resource) return;
    part.resource = { ...part.resource, surroundings };
    this.announce(part, (news) => (news.set = true));
  }

  removeSet(namespace: string, name: string): void {
    const part = this.parts.get(keyOf({ namespace, runnerSet: name }));
    if (!part?.resource) return;
    part.resource = undefined;
    this.announce(part, (news) => (news.set = true));
  }

  replaceRunners(all: OwnedRunner[], within?: string): void {
    const present = new Set(all.map(({ namespace, runner }) => `${namespace}/${runner.name}`));
    for (const id of [...this.homes.keys()]) {
      if (!present.has(id) && isWithin(within, id.slice(0, id.indexOf('/')))) this.removeRunner(id);
    }
    for (const observed of all) this.putRunner(observed);
  }

  putRunner(observed: OwnedRunner): void {
    const { namespace, runnerSet, runner } = observed;
    const id = `${namespace}/${runner.name}`;
    const part = this.partOf({ namespace, ...(runnerSet === undefined ? {} : { runnerSet }) });
    this.homes.set(id, keyOf(part));
    this.place(part, this.withPod(id, runner));
  }

  /** @param id namespace and name, with a slash between */
  removeRunner(id: string): void {
    const part = this.parts.get(this.homes.get(id) ?? '');
    this.homes.delete(id);
    this.goneUids.delete(id);
    const name = id.slice(id.indexOf('/') + 1);
    if (!part?.runners.delete(name)) return;
    this.announce(part, (news) => {
      news.runners.delete(name);
      news.gone.add(name);
    });
  }

  replacePods(all: PodState[], within?: string): void {
    const present = new Set(all.map(idOf));
    for (const [id, pod] of this.pods) {
      if (!present.has(id) && isWithin(within, pod.namespace)) this.removePod(pod);
    }
    for (const observed of all) this.putPod(observed);
  }

  putPod(observed: PodState): void {
    this.pods.set(idOf(observed), observed);
    this.goneUids.delete(idOf(observed));
    this.refresh(idOf(observed));
  }

  removePod(observed: PodState): void {
    const id = idOf(observed);
    const known = this.pods.get(id);
    if (known && known.uid !== observed.uid) return;
    this.pods.delete(id);
    this.troubles.delete(observed.uid);
    if (this.homes.has(id)) this.goneUids.set(id, observed.uid);
    this.refresh(id);
  }

  /** Pods that a node has and has not started, and that say nothing of why. */
  *startingPods(): Iterable<Pick<PodState, 'namespace' | 'name' | 'uid'>> {
    for (const pod of this.pods.values()) if (isStarting(pod)) yield pod;
  }

  /** What keeps a pod from starting, as long as it says nothing itself. */
  noteTrouble({ namespace, name, uid }: Pick<PodState, 'namespace' | 'name' | 'uid'>, words: Words): void {
    const id = `${namespace}/${name}`;
    if (this.pods.get(id)?.uid !== uid) return;
    this.troubles.set(uid, words);
    this.refresh(id);
  }

  /** Takes out what a target has not been told, `undefined` if nothing. */
  takeNews(target: RunnerSetTarget): RunnerSetObservation | undefined {
    const part = this.parts.get(keyOf(target));
    if (!part) return undefined;
    const { since, set, runners, gone } = part.news;
    if (!set && runners.size === 0 && gone.size === 0) return undefined;
    const changed = [...runners].flatMap((name) => part.runners.get(name) ?? []);
    const [first = [], ...others] = inParts(changed);
    part.news = noNews();
    // What does not fit into this message goes with the next one.
    for (const runner of others.flat()) this.announce(part, (news) => news.runners.add(runner.name));
    this.forgetIfEmpty(part);
    return {
      at: since,
      ...(set ? { runnerSet: part.resource ?? null } : {}),
      ...(first.length > 0 ? { runners: first } : {}),
      ...(gone.size > 0 ? { gone: [...gone] } : {}),
    };
  }

  /** The whole snapshot for a target, in parts that fit into a message. Whatever was news is in it. */
  snapshot(target: RunnerSetTarget): RunnerSetObservation[] {
    const part = this.parts.get(keyOf(target));
    const all = [...(part?.runners.values() ?? [])];
    const at = part && part.news.since > 0 ? part.news.since : this.clock();
    if (part) part.news = noNews();
    const parts = inParts(all);
    const runnerSet = target.runnerSet === undefined ? {} : { runnerSet: part?.resource ?? null };
    const id = (this.snapshots += 1);
    return parts.map((runners, i) => ({
      at,
      ...(i === 0 ? runnerSet : {}),
      runners,
      snapshot: { id, part: i + 1, parts: parts.length },
    }));
  }

  /** The runners of a set, counted for decisions about its scale set. */
  loadOf(namespace: string, set: string): RunnerSetLoad {
    const part = this.parts.get(keyOf({ namespace, runnerSet: set }));
    if (!part || part.runners.size === 0) return NO_LOAD;
    const load: RunnerSetLoad = { busy: false, alive: 0, waitingForNode: [] };
    for (const { name, hasJob, phase, deleting } of part.runners.values()) {
      if (hasJob) load.busy = true;
      const pod = this.pods.get(`${namespace}/${name}`);
      if (deleting || isDone(phase) || !pod) continue;
      load.alive += 1;
      const since = pod.unschedulableSince;
      if (since !== undefined) load.waitingForNode.push(this.clock() - since);
    }
    return load;
  }

  /** Every set that exists, with its runners. */
  *sets(): Iterable<WatchedRunnerSet> {
    for (const { namespace, runnerSet: name, resource, runners } of this.parts.values()) {
      if (name !== undefined && resource) yield { namespace, name, runnerSet: resource, runners };
    }
  }

  private partOf(target: RunnerSetTarget): Part {
    const key = keyOf(target);
    const part = this.parts.get(key) ?? {
      ...target,
      resource: undefined,
      runners: new Map(),
      news: noNews(),
    };
    this.parts.set(key, part);
    return part;
  }

  private refresh(id: string): void {
    const part = this.parts.get(this.homes.get(id) ?? '');
    const runner = part?.runners.get(id.slice(id.indexOf('/') + 1));
    if (part && runner) this.place(part, this.withPod(id, runner));
  }

  private withPod(id: string, { pod: _pod, goneUid: _gone, ...runner }: ObservedRunner): ObservedRunner {
    const pod = this.pods.get(id);
    const goneUid = this.goneUids.get(id);
    const trouble = pod && isStarting(pod) ? this.troubles.get(pod.uid) : undefined;
    if (pod) return { ...runner, pod: { ...observedPod(pod), ...(trouble && { stuck: true, ...trouble }) } };
    return goneUid === undefined ? runner : { ...runner, goneUid };
  }

  private place(part: Part, runner: ObservedRunner): void {
    if (same(part.runners.get(runner.name), runner)) return;
    part.runners.set(runner.name, runner);
    this.announce(part, (news) => {
      news.gone.delete(runner.name);
      news.runners.add(runner.name);
    });
  }

  private announce(part: Part, change: (news: Part['news']) => void): void {
    part.news.since ||= this.clock();
    change(part.news);
    this.onNews(targetOf(part));
  }

  /** A set that is gone with all its runners is told of once more, and then forgotten. */
  private forgetIfEmpty(part: Part): void {
    if (!part.resource && part.runners.size === 0) this.parts.delete(keyOf(part));
  }
}

/** In their order, in parts that fit into a message; one part at least. */
function inParts(runners: readonly ObservedRunner[]): ObservedRunner[][] {
  let part: ObservedRunner[] = [];
  const parts = [part];
  let bytes = 0;
  for (const runner of runners) {
    const size = Buffer.byteLength(JSON.stringify(runner));
    if (part.length === MOST_RUNNERS || (part.length > 0 && bytes + size > MOST_BYTES)) {
      parts.push((part = []));
      bytes = 0;
    }
    part.push(runner);
    bytes += size;
  }
  return parts;
}

const isStarting = ({ phase, waitsForNode, stuck, ended, deleting, reason }: PodState): boolean =>
  phase === 'Pending' && !waitsForNode && !stuck && !ended && !deleting && reason === undefined;

const isWithin = (within: string | undefined, namespace: string): boolean =>
  within === undefined || within === namespace;

const noNews = (): Part['news'] => ({ since: 0, set: false, runners: new Set(), gone: new Set() });

const keyOf = ({ namespace, runnerSet }: RunnerSetTarget): string => `${namespace}/${runnerSet ?? ''}`;

const targetOf = ({ namespace, runnerSet }: RunnerSetTarget): RunnerSetTarget => ({
  namespace,
  ...(runnerSet === undefined ? {} : { runnerSet }),
});

const idOf = ({ namespace, name }: PodState): string => `${namespace}/${name}`;

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
