import type { RunnerSettings } from './settings.ts';

/** What decisions need of a pod. Messages are cut to 200 characters; absent means false, none or unknown. */
export interface ObservedPod {
  uid: string;
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  ready?: true;
  /** Of the container `runner`, once it has terminated. */
  exitCode?: number;
  /** An init container that is no side car ended with a failure. */
  initFailed?: true;
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
  /** It belongs to no set. */
  loose?: true;
  deleting?: true;
  pod?: ObservedPod;
}

/** What decisions need of an EphemeralRunnerSet. */
export interface ObservedSet {
  uid: string;
  generation: number;
  revision: string;
  replicas: number;
  patchId: number;
  configUrl: string;
  scaleSet: string;
  phase?: string;
  hasFinalizer?: true;
  deleting?: true;
  paused?: true;
}

/**
 * A batch of changes for one workflow. `runners` and `gone` replace what was known of those runners; `set` likewise,
 * `null` says that the set no longer exists. Decisions are made from the state that results, never from the edges:
 * the same batch may arrive twice.
 */
export interface Observation {
  /** Milliseconds since the epoch, when the oldest change of the batch was seen. */
  at: number;
  set?: ObservedSet | null;
  runners?: ObservedRunner[];
  gone?: string[];
  /** Part `part` of `parts` of a full picture: after the last part, runners that were in none of them are gone. */
  snapshot?: { part: number; parts: number };
  settings?: RunnerSettings;
}
