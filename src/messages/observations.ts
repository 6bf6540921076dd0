import { defineSignal } from './definitions.ts';
import type { RunnerSettings } from './settings.ts';

/** What decisions need of a pod. Messages are cut to 200 characters; absent means false, none or unknown. */
export interface ObservedPod {
  uid: string;
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  ready?: true;
  /** It will run no job any more: it has ended, or its runner has. */
  ended?: true;
  /** Of the container `runner`, once it has terminated. */
  exitCode?: number;
  /** The platform ended it, or is about to: no fault of its template. */
  disrupted?: true;
  /** It is being deleted, or its node no longer answers. */
  going?: true;
  /** One of its containers waits for what only a person can give, such as an image or a Secret. */
  stuck?: true;
  /** No node takes it so far, and the scheduler says so. */
  waitsForNode?: true;
  reason?: string;
  message?: string;
}

/** What decisions need of an EphemeralRunner and its pod. About 150 bytes of JSON. */
export interface ObservedRunner {
  name: string;
  /** Hash of the spec it was made from (`revisionOf`). */
  revision: string;
  patchId: number;
  /** Seconds since the epoch. */
  createdAt: number;
  runnerId?: number;
  /** `status.phase` and `status.ready` as they stand in the cluster. */
  phase?: string;
  ready?: true;
  hasJob?: true;
  /** `status.jobResult`: how its job ended. */
  jobResult?: string;
  /** Uid of its pod, where that was deleted. */
  goneUid?: string;
  /** It belongs to no set. */
  standalone?: true;
  /** Of one that belongs to no set: another one may be made under its name. A set gives none twice. */
  uid?: string;
  deleting?: true;
  /** Whoever deletes it wants its pod to be left alone. */
  orphaning?: true;
  pod?: ObservedPod;
}

/** What decisions need of an EphemeralRunnerSet. */
export interface ObservedRunnerSet {
  uid: string;
  generation: number;
  revision: string;
  replicas: number;
  patchId: number;
  configUrl: string;
  scaleSet: string;
  /** What is wrong with its spec, so that no runner can be made until it changes. */
  invalid?: string;
  hasFinalizer?: true;
  deleting?: true;
  /** Whoever deletes it wants its runners to be left alone. */
  orphaning?: true;
  paused?: true;
  /** `restartPolicy` of its template, where that is not Never. */
  restartPolicy?: string;
  /** While its creation is blocked: a hash of what a person may repair. Another one calls for a try at once. */
  surroundings?: string;
}

/**
 * Where an observation stands among all that watches have told. Two watches may be at work for a while: one of them in a
 * worker that stood still and does not know yet that another one took over.
 */
export interface Sequence {
  /** Of the watch; one that began later has a greater one. */
  epoch: number;
  /** Grows with each message of a watch. */
  seq: number;
}

/**
 * A batch of changes for one workflow. `runners` and `gone` replace what was known of those runners; `runnerSet` likewise,
 * `null` says that the set no longer exists. Decisions are made from the state that results, never from the edges:
 * the same batch may arrive twice.
 */
export interface RunnerSetObservation {
  /** Milliseconds since the epoch, when the oldest change of the batch was seen. */
  at: number;
  runnerSet?: ObservedRunnerSet | null;
  runners?: ObservedRunner[];
  gone?: string[];
  /** How jobs ended, in GitHub's words, by the name of the runner that had them. Told by the listener. */
  jobResults?: Record<string, string>;
  /** The first order (`patchID`) that no longer counts those jobs. */
  countedOut?: number;
  /**
   * Part `part` of `parts` of the full snapshot `id`: after the last part, runners that were in none of them are gone.
   * Counts only when all its parts came, in order.
   */
  snapshot?: { id: number; part: number; parts: number };
  settings?: RunnerSettings;
  /** Absent in what does not come from the watch. Likewise below. */
  sequence?: Sequence;
}

/** What decisions need of an AutoscalingRunnerSet. */
export interface ObservedAutoscalingRunnerSet {
  uid: string;
  generation: number;
  configUrl: string;
  /** Hash of what the spec asks of the scale set at GitHub. */
  specHash: string;
  /** Id, group and name of the scale set as the annotations hold them; empty without an id. */
  gitHubAnnotations: string;
  scaleSetId?: number;
  /** What of its spec can never work, as it stands in conditions. */
  problem?: { reason: string; message: string };
  /** There are scale sets at URLs that it has left. */
  left?: true;
  /** A new template waits for the jobs that run. */
  eventual?: true;
  hasFinalizer?: true;
  deleting?: true;
  /** Whoever deletes it wants its EphemeralRunnerSet to be left alone. */
  orphaning?: true;
  paused?: true;
  /** While it is blocked: a hash of what a person may repair. Another one calls for a try at once. */
  surroundings?: string;
}

/** What decisions about a scale set need of one of its EphemeralRunnerSets. */
export interface ObservedChildRunnerSet {
  name: string;
  uid: string;
  /** The newest: the one that is scaled. Older ones, of releases of ARC that made several, leave. */
  current?: true;
  /** How it differs from what its AutoscalingRunnerSet asks for. */
  stale?: 'template' | 'metadata';
  /** It has runners with a job. */
  busy?: true;
  draining?: true;
  /** By itself: not because its AutoscalingRunnerSet is. */
  paused?: true;
  deleting?: true;
  replicas: number;
  scaleSetId: number;
  phase?: string;
  pending: number;
  running: number;
  failed: number;
  /** Why it cannot create runners. */
  blocked?: { reason: string; message: string };
}

/** What decisions about a scale set need of one of its AutoscalingListeners. */
export interface ObservedChildListener {
  namespace: string;
  name: string;
  uid: string;
  /** It is in the right place; others are left from another URL, group or namespace. */
  current?: true;
  stale?: true;
  deleting?: true;
  scaleSetId: number;
  /** Its condition Ready. */
  ready?: { status: string; reason: string; message: string };
}

/** Everything about one scale set, whole each time. `null`: its AutoscalingRunnerSet does not exist. */
export interface AutoscalingRunnerSetObservation {
  /** Milliseconds since the epoch. */
  at: number;
  autoscalingRunnerSet: ObservedAutoscalingRunnerSet | null;
  /** Hash of its children as they should be. */
  wanted: string;
  runnerSets: ObservedChildRunnerSet[];
  listeners: ObservedChildListener[];
  /** This is the regular full snapshot, not a change. */
  snapshot?: true;
  settings?: RunnerSettings;
  sequence?: Sequence;
}

/** What the EphemeralRunnerSet of a listener can take: as many as `maxRunners` allows, no further job, or so many. */
export type ListenerCapacity = 'open' | 'closed' | number;

/** The pod of a listener that runs in one. */
export interface ObservedListenerPod extends ObservedPod {
  deleting?: true;
}

/** What decisions need of an AutoscalingListener. */
export interface ObservedListener {
  uid: string;
  generation: number;
  /** Hash of the spec; in pod mode, of the labels and annotations as well. */
  specHash: string;
  mode: 'worker' | 'pod';
  configUrl: string;
  /** The AutoscalingRunnerSet it serves. */
  autoscalingRunnerSet: { namespace: string; name: string };
  scaleSetId: number;
  hasFinalizer?: true;
  deleting?: true;
  pod?: ObservedListenerPod;
  /** What of its template is not used. */
  unused?: { reason: string; message: string };
  capacity: ListenerCapacity;
  /** While it is blocked: a hash of what a person may repair. Another one calls for a try at once. */
  surroundings?: string;
}

/** Everything about one AutoscalingListener, whole each time. `null`: it no longer exists. */
export interface ListenerObservation {
  /** Milliseconds since the epoch. */
  at: number;
  listener: ObservedListener | null;
  /** This is the regular full snapshot, not a change. */
  snapshot?: true;
  settings?: RunnerSettings;
  sequence?: Sequence;
}

/** What a workflow of any kind is told by the signal `observe`. */
export type AnyObservation = RunnerSetObservation | AutoscalingRunnerSetObservation | ListenerObservation;

/** Tells a workflow of any kind of changes in the cluster. */
export const observeSignal = defineSignal<[AnyObservation]>('observe');
