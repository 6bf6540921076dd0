import type { Happening as ResourceHappening } from '../../api/event.ts';
import type { ObservedSet } from '../../messages/observations.ts';
import type { RunnerSettings } from '../../messages/settings.ts';
import type { Failures } from './policies/failure-backoff.ts';
import { NO_FAILURES } from './policies/failure-backoff.ts';
import type { PatchOrder } from './policies/patch-id.ts';
import { NO_ORDER } from './policies/patch-id.ts';
import type { Row } from './runner.ts';
import type { Trouble } from './policies/creation-block.ts';

/** Something worth an Event on the set, or on one of its runners. */
export interface Happening extends ResourceHappening {
  runner?: string;
}

/** The end of a runner that did not complete, kept for whoever asks. */
export interface PastFailure {
  at: number;
  runner: string;
  reason: string;
  message: string;
}

/** All that a set's workflow knows. Carried over continue-as-new as a whole (`carry.ts`). */
export interface SetState {
  /** `null`: it no longer exists. `undefined`: not seen yet, or the runners here belong to no set. */
  set?: ObservedSet | null;
  rows: Map<string, Row>;
  /** A full picture of the runners was received: before that nothing is decided. */
  complete: boolean;
  /** Names received with the parts of a picture that is still coming in. */
  picture: string[];
  order: PatchOrder;
  failures: Failures;
  pastFailures: PastFailure[];
  trouble?: Trouble;
  /** Why runners can not be retired, if they can not. */
  retirementBlockedBy?: string;
  /** Milliseconds since the epoch: since then. */
  retirementBlockedSince?: number;
  /** Milliseconds since the epoch: when the set was first seen to be going. */
  deletingSince?: number;
  /** GitHub no longer accepts the runner version of this revision. */
  outdatedRevision?: string;
  settings: RunnerSettings;
  happenings: Happening[];
  /** The set's status as it was last written (`statusKey`). */
  published?: string;
}

export const DEFAULT_SETTINGS: RunnerSettings = {
  runnerCreationConcurrency: 10,
  failureBackoffSeconds: [5, 10, 20, 40, 80],
  maxConsecutiveFailures: 5,
};

export const emptyState = (): SetState => ({
  rows: new Map(),
  complete: false,
  picture: [],
  order: NO_ORDER,
  failures: NO_FAILURES,
  pastFailures: [],
  settings: DEFAULT_SETTINGS,
  happenings: [],
});

/** How many past failures are kept. */
const PAST_FAILURES = 20;

export const remember = (state: SetState, failure: PastFailure): void => {
  state.pastFailures = [...state.pastFailures, failure].slice(-PAST_FAILURES);
};
