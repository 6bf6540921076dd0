import { defineQuery, defineSignal, defineUpdate } from './definitions.ts';
import type { RunnerSetObservation } from './observations.ts';
import { observeSignal } from './observations.ts';
import { INT32_MAX } from '../api/int32.ts';

/** What an EphemeralRunnerSet's workflow can be told and asked; an AutoscalingRunnerSet's can be paused and resumed as well. */

/** Changes in the cluster, from the watch. */
export const observeRunnerSetSignal = defineSignal<[RunnerSetObservation]>(observeSignal.name);

/** What `scale` is sent with. */
export interface ScaleRequest {
  /** The number of runners wanted; a whole number, 0 or more. */
  replicas: number;
}

/** What the update `scale` answers. */
export interface ScaleResult {
  replicas: number;
  /** What was wanted before. */
  previous: number;
}

/** Sets `spec.replicas`, as `kubectl scale` does. The update answers; the signal does not. */
export const scaleUpdate = defineUpdate<ScaleResult, [ScaleRequest]>('scale');
/** The same for whoever waits for no answer; a request that is wrong is logged and ignored. */
export const scaleSignal = defineSignal<[ScaleRequest]>('scale');

/** What the updates `pause` and `resume` answer: how it is now. */
export interface Paused {
  paused: boolean;
}

/** Creates no more runners until resumed. Runners that exist go on. The updates answer; the signals do not. */
export const pauseUpdate = defineUpdate<Paused>('pause');
/** Pauses without an answer. */
export const pauseSignal = defineSignal('pause');
/** Runners are created again. */
export const resumeUpdate = defineUpdate<Paused>('resume');
/** Resumes without an answer. */
export const resumeSignal = defineSignal('resume');

/** Which runners the query `state` tells of: in the order of their names, those after this one. */
export interface RunnersPage {
  after?: string;
}

/** What the set is doing and why, with the first thousand of its runners, or the next. */
export const runnerSetStateQuery = defineQuery<RunnerSetView, [RunnersPage?]>('state');

/** Says what is wrong with a request to scale, if anything. */
export function scaleProblem(request: unknown): string | undefined {
  const replicas = (request as Partial<ScaleRequest> | null | undefined)?.replicas;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0 || replicas > INT32_MAX) {
    return `replicas: a whole number from 0 to ${INT32_MAX} is needed, as in {"replicas": 20}`;
  }
  return undefined;
}

/** The stages of a runner's life. */
export const STAGES = [
  'creating', // an activity is at it
  'unfinished', // it exists without a pod: an earlier creation was cut short
  'pending',
  'idle',
  'busy',
  'ending', // its job is over, or its pod is going with it: no supply, and not ended
  'unclear', // its container ended well, and nobody told of a job: GitHub is asked
  'ended',
  'leaving', // being deregistered and deleted
] as const;

/** What a runner is to its set right now. */
export type Stage = (typeof STAGES)[number];

/** The end of a runner that did not complete, kept for whoever asks. */
export interface PastFailure {
  /** Milliseconds since the epoch. */
  at: number;
  runner: string;
  reason: string;
  message: string;
}

/** One runner, as a person is shown it. */
export interface RunnerView {
  name: string;
  stage: Stage;
  end?: string;
  runnerId?: number;
  hasJob: boolean;
  revision?: string;
  patchId?: number;
  /** Seconds since the epoch. */
  createdAt?: number;
  pod?: string;
  reason?: string;
  message?: string;
}

/** The answer of the query `state`. */
export interface RunnerSetView {
  desired: number;
  current: number;
  busy: number;
  paused: boolean;
  conditions: { type: string; status: string; reason: string; message: string }[];
  blocked?: { reason: string; message: string; since: number; tries: number; nextTryAt: number };
  failures: { inARow: number; lastAt: number; reason: string; message: string };
  pastFailures: PastFailure[];
  outdatedRevision?: string;
  /** How many runners the workflow knows of; no answer tells of more than a thousand. */
  known: number;
  runners: RunnerView[];
  /** There are more: ask for those after this name. */
  next?: string;
}
