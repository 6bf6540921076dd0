/** Flags of ARC's manager that its chart, or people's own manifests, pass: what becomes of each here. */
export type ArcFlag = { readonly flag: string } & (
  | { /** Accepted without effect; the reason is logged once. */ readonly ignored: string }
  | {
      /** Flag of the setting it feeds. */
      readonly feeds: string;
      /** What to hand to that setting; `undefined` keeps its default. */
      readonly convert?: (text: string) => string | undefined;
      readonly note?: string;
    }
);

/** Creation never becomes slower than this by ARC's flag, whose own default of 2 is for other work. */
const LEAST_CONCURRENCY = 10;

const NO_RATE_LIMIT =
  'requests are bounded by connections (--kubernetes-connections), and API Priority and Fairness does the rest';
const NO_LEADER = 'any number of workers share the work, without a leader';
const NO_WORK_QUEUE = 'there is no work queue: workflows take its place';

/** All flags of ARC's manager that are known here, each with what becomes of it. */
export const ARC_FLAGS: readonly ArcFlag[] = [
  {
    flag: 'runner-max-concurrent-reconciles',
    feeds: 'runner-creation-concurrency',
    convert: (text) => (/^\d+$/.test(text) && Number(text) < LEAST_CONCURRENCY ? undefined : text),
    note: `raises --runner-creation-concurrency, and never lowers it below ${LEAST_CONCURRENCY}`,
  },
  { flag: 'watch-single-namespace', feeds: 'watch-namespace' },
  { flag: 'auto-scaling-runner-set-only', ignored: 'this mode is the only one' },
  { flag: 'auto-scaler-image-pull-secrets', feeds: 'listener-pull-secret' },
  { flag: 'k8s-client-rate-limiter-qps', ignored: NO_RATE_LIMIT },
  { flag: 'k8s-client-rate-limiter-burst', ignored: NO_RATE_LIMIT },
  { flag: 'enable-leader-election', ignored: NO_LEADER },
  { flag: 'leader-election-id', ignored: NO_LEADER },
  { flag: 'workqueue-rate-limiter', ignored: NO_WORK_QUEUE },
  { flag: 'sync-period', ignored: 'each workflow gets a full snapshot at --snapshot-interval' },
  { flag: 'port', ignored: 'there are no webhooks' },
  { flag: 'pprof-addr', ignored: 'profiles are taken with "node --cpu-prof" or "node --inspect"' },
];

const CREDENTIALS =
  'the credentials and the address of GitHub are those of each scale set (chart gha-runner-scale-set: githubConfigSecret and githubConfigUrl)';
const POD =
  'runners are described by the pod template of their scale set (chart gha-runner-scale-set: template)';
const QUEUE = 'jobs come from the message queue of their scale set: no webhook is received';
const SCALING = 'scale sets scale at once, between minRunners and maxRunners';

/** Flags of the legacy mode of ARC's manager, and of its webhook server, by how they begin. */
const LEGACY: readonly (readonly [RegExp, string])[] = [
  [/^(github-webhook-|webhook-|queue-limit$|disable-admission-webhook$)/, QUEUE],
  [/^(github-|runner-github-url$)/, CREDENTIALS],
  [
    /^(docker-|runner-image|use-runner-status-update-hook$|runner-status-update-hook$|common-runner-labels$)/,
    POD,
  ],
  [/^default-scale-down-delay$/, SCALING],
];

/**
 * Why a flag of ARC's legacy mode (RunnerDeployments, webhooks) has no place here, and where to look instead.
 *
 * @param flag without its dashes
 * @returns `undefined` for any other flag
 */
export function legacyRemedy(flag: string): string | undefined {
  const found = LEGACY.find(([pattern]) => pattern.test(flag));
  return found && `belongs to ARC's legacy mode, which is not served here; ${found[1]}.`;
}
