import { SetupError } from '../../../src/activities/failures.ts';
import { afterListenFailure } from '../../../src/activities/autoscaling-listener/session-failures.ts';
import { GitHubError } from '../../../src/github/errors.ts';
import type { GitHubDecision } from '../../../src/github/errors.ts';
import { KubernetesError } from '../../../src/kubernetes/client/errors.ts';

const github = (decision: GitHubDecision, retryAfterMs?: number): GitHubError =>
  new GitHubError({ decision, message: 'what GitHub said', retryAfterMs });

const subject = { verb: 'patch', resource: 'ephemeralrunnersets' };
const kubernetes = (status: number): KubernetesError =>
  new KubernetesError(subject, { message: 'no', status });

test.each([
  ['a lost session is renewed at once', github('session-expired'), 0, { action: 'renew', waitMs: 0 }],
  [
    'and with a wait when it is lost again and again',
    github('session-expired'),
    2,
    { action: 'renew', waitMs: 2_000 },
  ],
  [
    'a conflict waits and is told',
    github('session-conflict'),
    0,
    { action: 'wait', waitMs: 7_500, tell: true },
  ],
  [
    'an outage waits',
    github('retry'),
    0,
    { action: 'wait', waitMs: 500, tell: false, reason: 'GitHubUnavailable' },
  ],
  ['a longer one is told', github('retry'), 2, { action: 'wait', waitMs: 2_000, tell: true }],
  ['the wait has an end', github('retry'), 40, { action: 'wait', waitMs: 30_000 }],
  ['a pause that was asked for is kept', github('retry-after', 8_000), 0, { action: 'wait', waitMs: 8_000 }],
  ['also a long one', github('retry-after', 900_000), 0, { action: 'wait', waitMs: 900_000, tell: true }],
  [
    'a token that is refused twice is tried again',
    github('token-expired'),
    0,
    { action: 'wait', waitMs: 500 },
  ],
  [
    'and then the session is renewed: its queue refuses each token',
    github('token-expired'),
    1,
    { action: 'renew', waitMs: 1_000, tell: false },
  ],
  ['renewals that do not help are told', github('session-expired'), 2, { action: 'renew', tell: true }],
  [
    'refused credentials are read again first',
    github('refused'),
    0,
    { action: 'wait', waitMs: 0, tell: false },
  ],
  ['and then need a person', github('refused'), 1, { action: 'stop', reason: 'GitHubRefused' }],
  [
    'a scale set that is gone is made anew',
    github('gone'),
    0,
    { action: 'stop', reason: 'ScaleSetNotFound' },
  ],
  [
    'a missing Secret needs a person',
    new SetupError('SecretNotFound', 'create it'),
    0,
    { action: 'stop', reason: 'SecretNotFound' },
  ],
  ['an API server that is away is waited for', kubernetes(503), 0, { action: 'wait', waitMs: 500 }],
  ['and so is a set that is not there yet', kubernetes(404), 0, { action: 'wait', waitMs: 500 }],
  [
    'what Kubernetes forbids needs a person',
    kubernetes(403),
    0,
    { action: 'stop', reason: 'KubernetesForbidden' },
  ],
] as const)('%s', (_what, error, tries, expected) => {
  expect(afterListenFailure(error, tries, 0.5)).toMatchObject(expected);
});
