import type { ResourceEvent } from '../../api/event.ts';
import type { PastFailure } from '../../messages/ephemeral-runner-set.ts';
import type { ObservedRunnerSet, Sequence } from '../../messages/observations.ts';
import type { RunnerSettings } from '../../messages/settings.ts';
import { Runners } from './runners.ts';

/** Something worth an Event on the set, or on one of its runners. */
export interface RunnerSetEvent extends ResourceEvent {
  runner?: string;
}

/** All that a set's workflow knows. Carried over continue-as-new as a whole (`continue-as-new.ts`). */
export interface RunnerSetState {
  /** `null`: it no longer exists. `undefined`: not seen yet, or the runners here belong to no set. */
  runnerSet?: ObservedRunnerSet | null;
  runners: Runners;
  /** The facts that the runners have their places by. Not carried: places are derived. */
  placedBy?: string;
  /** A full snapshot of the runners was received: before that nothing is decided. */
  complete: boolean;
  /** Of the last observation of the watch. */
  sequence?: Sequence;
  /** A snapshot that is still coming in: how many of its parts came, and the names in them. */
  incoming?: { id: number; parts: number; names: string[] };
  order: PatchOrder;
  failures: Failures;
  pastFailures: PastFailure[];
  creationBlock?: CreationBlock;
  /** Why runners can not be retired, if they can not. */
  retirementBlockedBy?: string;
  /** Milliseconds since the epoch: since then. */
  retirementBlockedSince?: number;
  /** Milliseconds since the epoch: when the set was first seen to be going. */
  deletingSince?: number;
  /** GitHub no longer accepts the runner version of this revision. */
  outdatedRevision?: string;
  settings: RunnerSettings;
  events: RunnerSetEvent[];
  /** The set's status as it was last written (`statusKey`). */
  published?: string;
}

/** What holds until the first snapshot brings the worker's settings. */
export const DEFAULT_SETTINGS: RunnerSettings = {
  runnerCreationConcurrency: 10,
  failureBackoffSeconds: [5, 10, 20, 40, 80],
  maxConsecutiveFailures: 5,
};

/** The state of a workflow that has been told nothing yet. */
export const emptyRunnerSetState = (): RunnerSetState => ({
  runners: new Runners(),
  complete: false,
  order: NO_ORDER,
  failures: NO_FAILURES,
  pastFailures: [],
  settings: DEFAULT_SETTINGS,
  events: [],
});

/** How many past failures are kept. */
const PAST_FAILURES = 20;

/** Keeps a failure for whoever asks, and drops the oldest beyond the limit. */
export const remember = (state: RunnerSetState, failure: PastFailure): void => {
  state.pastFailures = [...state.pastFailures, failure].slice(-PAST_FAILURES);
};

/** Failures of runners that had no job, since the last one that worked. */
export interface Failures {
  inARow: number;
  /** Milliseconds since the epoch. */
  lastAt: number;
  reason: string;
  message: string;
  /** Until when (milliseconds) the place of a failed runner stays empty, one entry a failure. */
  holds: number[];
}

/** Before the first failure, and after a runner that worked. */
export const NO_FAILURES: Failures = { inARow: 0, lastAt: 0, reason: '', message: '', holds: [] };

/** What keeps a set from creating runners: something a person must repair, or a service that is down. */
export interface CreationBlock {
  /** CamelCase, as in a condition: SecretNotFound, QuotaExceeded, GitHubUnavailable, … */
  reason: string;
  message: string;
  /** Milliseconds since the epoch. */
  since: number;
  tries: number;
  /** Milliseconds since the epoch: when one runner is tried next. */
  nextTryAt: number;
}

/**
 * The last order for replicas, and what became of it. A listener numbers its orders (`patchID`); 0 asks for exactly
 * that many runners. Under a numbered order, a runner that completed its work has fulfilled its part of the order and
 * is not replaced: the listener counts it out with its next one. Runners that failed or were lost are replaced at
 * once, and none is removed, because jobs may be on their way to them.
 */
export interface PatchOrder {
  id: number;
  replicas: number;
  exact: boolean;
  /** Runners that completed since the order came. */
  completed: number;
}

/** Before the first order: no runners. */
export const NO_ORDER: PatchOrder = { id: 0, replicas: 0, exact: true, completed: 0 };
