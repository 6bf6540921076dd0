import { stableHash } from '../../api/hash.ts';
import { isPaused } from '../../api/pause.ts';
import type { AutoscalingListener } from '../../api/v1alpha1/autoscaling-listener.ts';
import type { AutoscalingRunnerSet } from '../../api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import { currentOf, ownerOf, scaleSetIdOf } from '../../kubernetes/objects/scale-set.ts';
import type {
  ListenerCapacity,
  ListenerObservation,
  AutoscalingRunnerSetObservation,
} from '../../messages/observations.ts';
import type { RunnerSetLoad } from '../autoscaling-listener/policies/capacity.ts';
import { capacityOf } from '../autoscaling-listener/policies/capacity.ts';
import type { ChildOptions } from '../autoscaling-runner-set/policies/desired-children.ts';
import { desiredChildren } from '../autoscaling-runner-set/policies/desired-children.ts';
import { takenProblem } from '../autoscaling-runner-set/policies/scale-set-holders.ts';
import type { PodState } from '../../kubernetes/pod-state.ts';
import {
  observedChildListener,
  observedChildRunnerSet,
  observedListener,
  observedAutoscalingRunnerSet,
} from './observed-scale-sets.ts';
import type { ListenerTarget, AutoscalingRunnerSetTarget } from './workflow-target.ts';
import { isListenerTarget } from './workflow-target.ts';

type ToldTarget = AutoscalingRunnerSetTarget | ListenerTarget;

/** An AutoscalingRunnerSet with its children, as far as they exist. */
interface Family {
  resource?: AutoscalingRunnerSet;
  sets: Map<string, EphemeralRunnerSet>;
  listeners: Map<string, AutoscalingListener>;
}

interface Named {
  metadata: { namespace?: string; name?: string };
}

/** What the store is made with. `clock` gives milliseconds since the epoch. */
export interface ScaleSetStoreOptions {
  /** Called for each target that there may be something to tell. */
  onNews: (target: ToldTarget) => void;
  options: ChildOptions;
  /** What is known of the runners of an EphemeralRunnerSet. */
  loadOf: (namespace: string, set: string) => RunnerSetLoad;
  clock?: () => number;
}

/**
 * What the watch knows of scale sets: AutoscalingRunnerSets with their children, compared here with what they should be,
 * so that workflows are told in a few words what is missing. A target is told everything, whenever it differs from
 * what it was told last.
 */
export class ScaleSetStore {
  private readonly families = new Map<string, Family>();
  /** By key of a set or listener: the family it is kept with. */
  private readonly homes = new Map<string, string>();
  /** By id of a scale set at GitHub: the families that have it. There may be several of one id. */
  private readonly holders = new Map<number, Set<string>>();
  private readonly pods = new Map<string, PodState>();
  /** What each target was told last. */
  private readonly told = new Map<string, string>();
  /** What each listener was told last that its set can take. */
  private readonly capacities = new Map<string, ListenerCapacity>();
  /** By told key: as they were last seen. */
  private readonly surroundings = new Map<string, string>();
  private readonly parts: ScaleSetStoreOptions;
  private readonly clock: () => number;

  constructor(parts: ScaleSetStoreOptions) {
    this.parts = parts;
    this.clock = parts.clock ?? Date.now;
  }

  targets(): ToldTarget[] {
    return [...this.families].flatMap(([key, { listeners }]) => [
      autoscalingRunnerSetTarget(key),
      ...[...listeners.keys()].map(listenerTarget),
    ]);
  }

  /** The namespace of the scale set that a listener serves; its own where that is not known. */
  servedBy({ namespace, listener }: ListenerTarget): string {
    const home = this.homes.get(`listener ${namespace}/${listener}`);
    return (home !== undefined && split(home)[0]) || namespace;
  }

  /** @param within the namespace that was listed; all of them unless given. Likewise below. */
  replaceScaleSets(objects: AutoscalingRunnerSet[], within?: string): void {
    const present = new Set(objects.map(keyOf));
    for (const [key, { resource }] of this.families) {
      if (resource && !present.has(key) && isWithin(within, key)) this.removeScaleSet(resource);
    }
    for (const object of objects) this.putScaleSet(object);
  }

  putScaleSet(object: AutoscalingRunnerSet): void {
    const family = this.familyAt(keyOf(object));
    this.moveHolder(keyOf(object), family.resource, object);
    family.resource = object;
    this.announce(keyOf(object));
  }

  removeScaleSet(object: Named): void {
    const family = this.families.get(keyOf(object));
    if (!family) return;
    this.moveHolder(keyOf(object), family.resource, undefined);
    delete family.resource;
    this.announce(keyOf(object));
  }

  /** Others of the same scale set are told as well: whose turn it is may change. */
  private moveHolder(
    key: string,
    from: AutoscalingRunnerSet | undefined,
    to: AutoscalingRunnerSet | undefined,
  ): void {
    const [before, after] = [from, to].map((each) => (each ? scaleSetIdOf(each) : 0)) as [number, number];
    const others = new Set([...(this.holders.get(before) ?? []), ...(this.holders.get(after) ?? [])]);
    others.delete(key);
    this.holders.get(before)?.delete(key);
    if (this.holders.get(before)?.size === 0) this.holders.delete(before);
    if (after > 0) this.holders.set(after, (this.holders.get(after) ?? new Set()).add(key));
    for (const other of others) this.parts.onNews(autoscalingRunnerSetTarget(other));
  }

  private holdersOf(scaleSet: AutoscalingRunnerSet): AutoscalingRunnerSet[] {
    const keys = [...(this.holders.get(scaleSetIdOf(scaleSet)) ?? [])];
    return keys.flatMap((key) => this.families.get(key)?.resource ?? []);
  }

  replaceSets(objects: EphemeralRunnerSet[], within?: string): void {
    const present = new Set(objects.map(keyOf));
    for (const [home, { sets }] of this.families) {
      if (!isWithin(within, home)) continue;
      for (const set of sets.values()) if (!present.has(keyOf(set))) this.removeSet(set);
    }
    for (const object of objects) this.putSet(object);
  }

  /** A set that belongs to no AutoscalingRunnerSet is not kept. */
  putSet(object: EphemeralRunnerSet): void {
    const owner = ownerOf(object);
    if (owner === undefined) {
      this.removeSet(object);
      return;
    }
    const home = `${object.metadata.namespace ?? ''}/${owner}`;
    this.homes.set(`set ${keyOf(object)}`, home);
    this.familyAt(home).sets.set(keyOf(object), object);
    this.announce(home);
  }

  removeSet(object: Named): void {
    const home = this.homes.get(`set ${keyOf(object)}`);
    if (home === undefined) return;
    this.homes.delete(`set ${keyOf(object)}`);
    this.families.get(home)?.sets.delete(keyOf(object));
    this.announce(home);
  }

  replaceListeners(objects: AutoscalingListener[], within?: string): void {
    const present = new Set(objects.map(keyOf));
    for (const { listeners } of this.families.values()) {
      for (const [key, listener] of listeners) {
        if (!present.has(key) && isWithin(within, key)) this.removeListener(listener);
      }
    }
    for (const object of objects) this.putListener(object);
  }

  putListener(object: AutoscalingListener): void {
    const { autoscalingRunnerSetNamespace: namespace = '', autoscalingRunnerSetName: name = '' } =
      object.spec;
    const home = `${namespace}/${name}`;
    const before = this.homes.get(`listener ${keyOf(object)}`);
    if (before !== undefined && before !== home) this.removeListener(object);
    this.homes.set(`listener ${keyOf(object)}`, home);
    this.familyAt(home).listeners.set(keyOf(object), object);
    this.announce(home);
  }

  removeListener(object: Named): void {
    const home = this.homes.get(`listener ${keyOf(object)}`);
    if (home === undefined) return;
    this.homes.delete(`listener ${keyOf(object)}`);
    this.families.get(home)?.listeners.delete(keyOf(object));
    this.parts.onNews(listenerTarget(keyOf(object)));
    this.announce(home);
  }

  replacePods(pods: PodState[], within?: string): void {
    const present = new Set(pods.map(podKey));
    for (const [key, pod] of this.pods) if (!present.has(key) && isWithin(within, key)) this.removePod(pod);
    for (const pod of pods) this.putPod(pod);
  }

  putPod(pod: PodState): void {
    this.pods.set(podKey(pod), pod);
    this.announceListener(podKey(pod));
  }

  removePod(pod: PodState): void {
    if (this.pods.get(podKey(pod))?.uid !== pod.uid) return;
    this.pods.delete(podKey(pod));
    this.announceListener(podKey(pod));
  }

  /** What surrounds a scale set or a listener that is blocked has changed. */
  noteSurroundings(target: ToldTarget, surroundings: string): void {
    this.surroundings.set(toldKey(target), surroundings);
    this.parts.onNews(target);
  }

  /** To be called at intervals: how busy runners are changes without any object here changing. */
  refresh(): void {
    for (const [key, family] of this.families) {
      if (family.sets.size > 1 || this.isEventual()) this.parts.onNews(autoscalingRunnerSetTarget(key));
      for (const [listener, object] of family.listeners) {
        if (isSo(() => this.capacities.get(listener) !== this.capacityFor(object)))
          this.announceListener(listener);
      }
    }
  }

  /** What a target has not been told, `undefined` if nothing. */
  takeNews(target: ToldTarget): AutoscalingRunnerSetObservation | ListenerObservation | undefined {
    const content = this.contentFor(target);
    const text = JSON.stringify(content);
    if (this.told.get(toldKey(target)) === text) return undefined;
    this.remember(target, text);
    return { at: this.clock(), ...content };
  }

  /** Everything for a target, whatever it was told. */
  snapshot(target: ToldTarget): [AutoscalingRunnerSetObservation | ListenerObservation] {
    const content = this.contentFor(target);
    this.remember(target, JSON.stringify(content));
    return [{ at: this.clock(), ...content, snapshot: true }];
  }

  private remember(target: ToldTarget, text: string): void {
    this.told.set(toldKey(target), text);
    const home = isListenerTarget(target)
      ? this.homes.get(`listener ${target.namespace}/${target.listener}`)
      : `${target.namespace}/${target.autoscalingRunnerSet}`;
    const family = home === undefined ? undefined : this.families.get(home);
    if (home !== undefined && family && isEmpty(family)) this.families.delete(home);
    if (family && !isEmpty(family)) return;
    this.told.delete(toldKey(target));
    this.surroundings.delete(toldKey(target));
  }

  private contentFor(
    target: ToldTarget,
  ): Omit<AutoscalingRunnerSetObservation, 'at'> | Omit<ListenerObservation, 'at'> {
    return isListenerTarget(target)
      ? this.listenerContent(`${target.namespace}/${target.listener}`)
      : this.scaleSetContent(`${target.namespace}/${target.autoscalingRunnerSet}`);
  }

  private scaleSetContent(key: string): Omit<AutoscalingRunnerSetObservation, 'at'> {
    const { resource, sets, listeners } = this.families.get(key) ?? { sets: new Map(), listeners: new Map() };
    const { options } = this.parts;
    const all = [...(sets as Family['sets']).values()];
    const live = { runnerSets: all, listeners: [...(listeners as Family['listeners']).values()] };
    const wanted = resource && desiredChildren(resource, live, options);
    const taken = resource && takenProblem(resource, this.holdersOf(resource));
    const current = currentOf(all);
    return {
      autoscalingRunnerSet: resource
        ? {
            ...(taken && { problem: taken }),
            ...observedAutoscalingRunnerSet(resource, options),
            ...this.surroundingsOf(autoscalingRunnerSetTarget(key)),
          }
        : null,
      wanted: wanted ? stableHash(wanted) : '',
      runnerSets: all.map((set) =>
        observedChildRunnerSet(set, {
          wanted: wanted?.runnerSet,
          current: set === current,
          busy: this.loadOf(set).busy,
          paused: resource !== undefined && isPaused(resource),
        }),
      ),
      listeners: live.listeners.map((each) => observedChildListener(each, wanted?.listener)),
    };
  }

  private listenerContent(key: string): Omit<ListenerObservation, 'at'> {
    const listener = this.families.get(this.homes.get(`listener ${key}`) ?? '')?.listeners.get(key);
    if (!listener) {
      this.capacities.delete(key);
      return { listener: null };
    }
    const observed = observedListener(listener, this.pods.get(key), this.parts.options);
    const capacity = this.capacityFor(listener);
    this.capacities.set(key, capacity);
    return { listener: { ...observed, capacity, ...this.surroundingsOf(listenerTarget(key)) } };
  }

  private surroundingsOf(target: ToldTarget): { surroundings?: string } {
    const surroundings = this.surroundings.get(toldKey(target));
    return surroundings === undefined ? {} : { surroundings };
  }

  private capacityFor({ spec }: AutoscalingListener): ListenerCapacity {
    const { autoscalingRunnerSetNamespace: namespace = '', ephemeralRunnerSetName: name = '' } = spec;
    const home = this.homes.get(`set ${namespace}/${name}`) ?? '';
    const set = this.families.get(home)?.sets.get(`${namespace}/${name}`);
    return capacityOf(set, this.parts.loadOf(namespace, name));
  }

  private loadOf({ metadata }: EphemeralRunnerSet): RunnerSetLoad {
    return this.parts.loadOf(metadata.namespace ?? '', metadata.name ?? '');
  }

  private isEventual(): boolean {
    return this.parts.options.updateStrategy === 'eventual';
  }

  private familyAt(key: string): Family {
    const family = this.families.get(key) ?? { sets: new Map(), listeners: new Map() };
    this.families.set(key, family);
    return family;
  }

  /** A family's listeners may be concerned as well: by the capacity of its sets. */
  private announce(key: string): void {
    this.parts.onNews(autoscalingRunnerSetTarget(key));
    for (const listener of this.families.get(key)?.listeners.keys() ?? []) this.announceListener(listener);
  }

  private announceListener(key: string): void {
    const target = listenerTarget(key);
    const differs = (): boolean =>
      this.told.get(toldKey(target)) !== JSON.stringify(this.listenerContent(key));
    if (isSo(differs)) this.parts.onNews(target);
  }
}

/** What cannot be told of an odd object is left to the telling, which fails for that one alone. */
function isSo(test: () => boolean): boolean {
  try {
    return test();
  } catch {
    return true;
  }
}

const isEmpty = ({ resource, sets, listeners }: Family): boolean =>
  !resource && sets.size === 0 && listeners.size === 0;

const keyOf = ({ metadata }: Named): string => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;

const podKey = ({ namespace, name }: PodState): string => `${namespace}/${name}`;

const isWithin = (within: string | undefined, key: string): boolean =>
  within === undefined || key.startsWith(`${within}/`);

const split = (key: string): [namespace: string, name: string] => {
  const at = key.indexOf('/');
  return [key.slice(0, at), key.slice(at + 1)];
};

const autoscalingRunnerSetTarget = (key: string): AutoscalingRunnerSetTarget => {
  const [namespace, scaleSet] = split(key);
  return { namespace, autoscalingRunnerSet: scaleSet };
};

const listenerTarget = (key: string): ListenerTarget => {
  const [namespace, listener] = split(key);
  return { namespace, listener };
};

const toldKey = (target: ToldTarget): string =>
  isListenerTarget(target)
    ? `listener ${target.namespace}/${target.listener}`
    : `scale set ${target.namespace}/${target.autoscalingRunnerSet}`;
