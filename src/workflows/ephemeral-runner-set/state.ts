import type { ResourceEvent } from '../../api/event.ts';
import { fitting } from '../../api/text-limits.ts';
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
  disruptions: Disruptions;
  pastFailures: PastFailure[];
  creationBlock?: CreationBlock;
  /** How often what may stand in the way of runners was changed: a failure of a try that began before is none of now. */
  repairs: number;
  /** Why runners can not be retired, if they can not. */
  retirementBlock?: RetirementBlock;
  /** Milliseconds since the epoch: when the set was first seen to be going. */
  deletingSince?: number;
  /** Whoever deleted the set wanted its runners to be left alone. */
  orphaned?: boolean;
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
  disruptions: NO_DISRUPTIONS,
  pastFailures: [],
  repairs: 0,
  settings: DEFAULT_SETTINGS,
  events: [],
});

/** How many past failures are kept. */
const PAST_FAILURES = 20;

/** Keeps a failure for whoever asks, and drops the oldest beyond the limit. */
export const remember = (state: RunnerSetState, failure: PastFailure): void => {
  state.pastFailures = [...state.pastFailures, failure].slice(-PAST_FAILURES);
};

/** How many Events may wait to be written. */
const EVENTS = 1_000;

/** Drops the newest Events beyond the limit, and says how many: a state must stay small enough to be carried over. */
export function limitEvents(state: RunnerSetState): void {
  for (const event of state.events) event.message = fitting(event.message, 'event');
  const { events } = state;
  if (events.length <= EVENTS) return;
  const message = `${events.length - EVENTS + 1} Events of runners were not written: too many came at once.`;
  state.events = [...events.slice(0, EVENTS - 1), { type: 'Warning', reason: 'EventsDropped', message }];
}

/** Failures of runners that had no job, since the last one that worked. */
export interface Failures {
  inARow: number;
  /** Milliseconds since the epoch. */
  lastAt: number;
  reason: string;
  message: string;
  /** Until when (milliseconds) the place of a runner that failed stays empty, one entry each. */
  holds: number[];
}

/** Runners that the platform ended, in waves: those of a wave were all there before its first. */
export interface Disruptions {
  /** Waves in a row that hit runners before they had been up for a while. */
  wave: number;
  /** Milliseconds since the epoch: when the wave began. */
  since: number;
}

/** Before the first. */
export const NO_DISRUPTIONS: Disruptions = { wave: 0, since: 0 };

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
  /** Milliseconds since the epoch: when it is tried next. */
  nextTryAt: number;
}

/** What keeps runners from being retired: credentials that are gone, or GitHub that is. */
export type RetirementBlock = CreationBlock;

/**
 * The last order for replicas, and what became of it. A listener numbers its orders (`patchID`); 0 asks for exactly
 * that many runners. A numbered order counts jobs: one that ended since then has no part in it any more, and its runner is
 * not replaced. Runners that failed or were lost are replaced at once, and none is removed, because jobs may be on their
 * way to them.
 */
export interface PatchOrder {
  id: number;
  replicas: number;
  exact: boolean;
  /** Jobs that ended, and that the order still counts as far as is known; each once, by its runner. */
  completed: Completion[];
}

/** A job that ended. */
export interface Completion {
  runner: string;
  /** Milliseconds since the epoch: when that was seen. */
  at: number;
  /** Milliseconds since the epoch: from then on the order is believed. */
  until: number;
  /** The first order that no longer counts it, once the listener has told. */
  countedOut?: number;
}

/** Before the first order: no runners. */
export const NO_ORDER: PatchOrder = { id: 0, replicas: 0, exact: true, completed: [] };
