import { createBudgets, hostedRateLimits } from './budgets.ts';
import type { Budgets, RateLimits } from './budgets.ts';
import { createClock } from './clock.ts';
import type { Clock, ClockOptions } from './clock.ts';
import { Jobs } from './jobs.ts';
import type { JobOptions } from './jobs.ts';
import { createKeys } from './keys.ts';
import type { Keys } from './keys.ts';
import { createRunners } from './runners.ts';
import type { Runners } from './runners.ts';
import { createScaleSets } from './scale-sets.ts';
import type { RunnerGroup, ScaleSets } from './scale-sets.ts';

/** How this GitHub behaves. */
export interface WorldOptions extends JobOptions, ClockOptions {
  groups: RunnerGroup[];
  /** How long admin tokens last. */
  adminTokenMs: number;
  /** How long a poll of the message queue is held. */
  pollMs: number;
  /** How long elements gather before a held poll is answered. */
  batchMs: number;
  /** How long a session lives without a poll; 0: until it is closed. */
  sessionIdleMs: number;
  /** How long an idle runner may be without a poll before it counts as offline. */
  offlineMs: number;
  /** Labels that scale sets keep; others are dropped without a word, as some Enterprise Servers do. */
  keptLabels?: number | undefined;
  /** Default: as on github.com, and none in the style of a server. */
  rateLimits?: RateLimits | undefined;
}

/** github.com, with times as it has them. */
export const defaultWorldOptions: WorldOptions = {
  style: 'github',
  groups: [
    { id: 1, name: 'Default', size: 0, isDefaultGroup: true },
    { id: 2, name: 'standin-group', size: 0, isDefaultGroup: false },
  ],
  firstRequestId: 1001n,
  pickUpMs: 0,
  lostJobMs: 60_000,
  adminTokenMs: 3_600_000,
  pollMs: 50_000,
  batchMs: 20,
  sessionIdleMs: 0,
  offlineMs: 5_000,
};

/** All state of one GitHub. */
export interface World {
  options: WorldOptions;
  clock: Clock;
  keys: Keys;
  budgets: Budgets;
  scaleSets: ScaleSets;
  runners: Runners;
  jobs: Jobs;
  /** Things a correct client or runner never does. */
  violations: string[];
}

/** A GitHub without scale sets, runners and jobs. */
export function createWorld(options: WorldOptions): World {
  const runners = createRunners();
  const clock = createClock(options);
  const { rateLimits = options.style === 'github' ? hostedRateLimits : {} } = options;
  return {
    options,
    clock,
    keys: createKeys(options.adminTokenMs, clock),
    budgets: createBudgets(rateLimits, clock),
    scaleSets: createScaleSets(options.groups, { batchMs: options.batchMs, clock }),
    runners,
    jobs: new Jobs(runners, options, clock),
    violations: [],
  };
}
