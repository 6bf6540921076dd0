import type { Clock } from './clock.ts';
import type { CallName } from './protocol.ts';

/** How many requests an hour the REST API takes, by resource; one that is not named is not counted. */
export interface RateLimits {
  core?: number | undefined;
  actions_runner_registration?: number | undefined;
}

/** As github.com gives them to a user. Enterprise Servers have none unless their administrator says so. */
export const hostedRateLimits: RateLimits = { core: 5_000, actions_runner_registration: 10_000 };

/** What a request to the REST API is told of its budget. */
interface Charge {
  headers: Record<string, string>;
  /** The request was one too many. */
  isRefused: boolean;
}

/** The budgets of the REST API. All credentials share them here, while GitHub counts by user and installation. */
export interface Budgets {
  /** Counts a request; `undefined` for one that no budget is for. */
  charge(name: CallName): Charge | undefined;
}

/** Tokens are ordinary requests; only the registration that a runner makes as well has a budget of its own. */
const RESOURCES: Partial<Record<CallName, keyof RateLimits>> = {
  accesstoken: 'core',
  registrationtoken: 'core',
  runnerregistration: 'actions_runner_registration',
};

const WINDOW_MS = 3_600_000;

/** Full budgets; each is full again an hour after its first request. */
export function createBudgets(limits: RateLimits, clock: Pick<Clock, 'now'>): Budgets {
  const windows = new Map<string, { used: number; resetAt: number }>();
  const windowOf = (resource: string): { used: number; resetAt: number } => {
    const open = windows.get(resource);
    if (open && open.resetAt > clock.now()) return open;
    const fresh = { used: 0, resetAt: clock.now() + WINDOW_MS };
    windows.set(resource, fresh);
    return fresh;
  };
  return {
    charge: (name) => {
      const resource = RESOURCES[name];
      const limit = resource && limits[resource];
      if (resource === undefined || limit === undefined) return undefined;
      const window = windowOf(resource);
      const isRefused = window.used >= limit;
      if (!isRefused) window.used += 1;
      const { used, resetAt } = window;
      return { headers: headersOf({ resource, limit, used, resetAt }), isRefused };
    },
  };
}

interface Budget {
  resource: string;
  limit: number;
  used: number;
  resetAt: number;
}

const headersOf = ({ resource, limit, used, resetAt }: Budget): Record<string, string> => ({
  'x-ratelimit-limit': String(limit),
  'x-ratelimit-remaining': String(limit - used),
  'x-ratelimit-used': String(used),
  'x-ratelimit-reset': String(Math.ceil(resetAt / 1_000)),
  'x-ratelimit-resource': resource,
});
