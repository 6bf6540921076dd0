import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import type { WaitNotice } from '../../github/rate-limit-waits.ts';
import type { RateLimit } from '../../github/rate-limit.ts';

/** What an answer of the REST API told of a budget. */
export interface RateLimitMetrics extends RateLimit {
  configUrl: string;
}

/** Where the metrics of rate limits come from. */
export interface RateLimitMetricsOptions {
  registry: Registry;
  /** The pauses that last. */
  pauses: () => Iterable<WaitNotice>;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/**
 * The metrics of GitHub's rate limits, brought up to date when they are read. Series are bounded by config URLs: a budget
 * goes when its time is up, a pause when it ends.
 *
 * @returns takes note of a budget
 */
export function createRateLimitMetrics({
  registry,
  pauses,
  now,
}: RateLimitMetricsOptions): (budget: RateLimitMetrics) => void {
  const budgets = new Map<string, RateLimitMetrics>();
  const valid = (): RateLimitMetrics[] => {
    for (const [key, { resetAt }] of budgets) if (resetAt <= now()) budgets.delete(key);
    return [...budgets.values()];
  };
  for (const [name, help, valueOf] of BUDGET_GAUGES) {
    measured(registry, { name, help, labelNames: ['config_url', 'resource'] }, () =>
      valid().map((budget) => [{ config_url: budget.configUrl, resource: budget.resource }, valueOf(budget)]),
    );
  }
  measured(registry, PAUSE_GAUGE, () =>
    [...pauses()].map(({ configUrl, scope, resource, until }) => [
      { config_url: configUrl, scope, ...(resource && { resource }) },
      Math.max(0, until - now()) / 1000,
    ]),
  );
  return (budget) => void budgets.set(`${budget.resource} ${budget.configUrl}`, budget);
}

const BUDGET_GAUGES: [name: string, help: string, valueOf: (budget: RateLimitMetrics) => number][] = [
  [
    'temporal_arc_github_rate_limit_remaining',
    "Requests to GitHub's REST API that are left until the reset, as the last answer told this worker.",
    ({ remaining }) => remaining,
  ],
  [
    'temporal_arc_github_rate_limit_limit',
    "Requests to GitHub's REST API that are allowed between two resets.",
    ({ limit }) => limit,
  ],
  [
    'temporal_arc_github_rate_limit_reset_timestamp_seconds',
    'When the budget is whole again, in seconds since the epoch.',
    ({ resetAt }) => resetAt / 1000,
  ],
];

const PAUSE_GAUGE = {
  name: 'temporal_arc_github_pause_seconds',
  help: 'Time until a pause ends that GitHub asked for, told to this worker or another. scope="rest": for its REST API only, with a resource for the calls that are charged to it; scope="all": for every call.',
  labelNames: ['config_url', 'scope', 'resource'],
};

interface Described {
  name: string;
  help: string;
  labelNames: string[];
}

type Sample = [labels: Record<string, string>, value: number];

/** A gauge that has just the samples that `measure` answers when it is read. */
function measured(registry: Registry, described: Described, measure: () => Sample[]): void {
  new Gauge({
    ...described,
    registers: [registry],
    collect() {
      this.reset();
      for (const [labels, value] of measure()) this.set(labels, value);
    },
  });
}
