import type { Conclusion } from '../../src/activities/failures.ts';
import {
  PodInTheWayError,
  SetupError,
  conclude,
  firstOfEachReason,
  judge,
  judged as attempt,
  messageOf,
} from '../../src/activities/failures.ts';
import { ApplicationFailure } from '@temporalio/activity';
import { GitHubError } from '../../src/github/errors.ts';
import type { GitHubErrorFacts } from '../../src/github/errors.ts';
import { KubernetesError } from '../../src/kubernetes/client/errors.ts';

const judged = (facts: Omit<GitHubErrorFacts, 'message'>) =>
  judge(new GitHubError({ message: 'no', ...facts }));

describe('what becomes of a failed call to GitHub', () => {
  it('a short wait is left to the next try', () => {
    expect(judged({ decision: 'retry-after', retryAfterMs: 10_000 })).toEqual({
      decision: 'retry',
      reason: 'GitHubRateLimited',
      message: 'no',
      afterMs: 10_000,
    });
  });

  it('a longer one ends it, so that the set can say what it waits for', () => {
    expect(judged({ decision: 'retry-after', retryAfterMs: 10_001 })).toEqual({
      decision: 'stop',
      reason: 'GitHubRateLimited',
      message: 'no',
      retryAfterMs: 10_001,
    });
  });

  it.each([
    ['githubConfigUrl', 'InvalidGitHubConfigUrl'],
    ['githubConfigSecret', 'InvalidCredentials'],
    ['githubServerTLS', 'InvalidCertificate'],
    ['proxy', 'InvalidProxy'],
  ] as const)('a wrong %s is %s', (field, reason) => {
    expect(judged({ decision: 'invalid-config', field })).toMatchObject({ decision: 'stop', reason });
  });
});

describe('how an activity on several runners ends', () => {
  const limited = (seconds: number, message = 'slow down'): GitHubError =>
    new GitHubError({ decision: 'retry-after', message, retryAfterMs: seconds * 1_000 });

  const unavailable = new GitHubError({ decision: 'retry', message: 'no answer' });
  const noSecret = new SetupError('SecretNotFound', 'Secret "s" is missing.');

  const result = { created: ['r1'] };

  const by = (preferred: Conclusion['preferred']): Conclusion => ({ preferred, reported: firstOfEachReason });

  /** What Temporal is told. */
  function failure(errors: unknown[], preferred: Conclusion['preferred']): unknown {
    try {
      conclude(result, errors, by(preferred));
    } catch (error) {
      return error;
    }
    throw new Error('it did not fail');
  }

  it('what ran into nothing has its result', () => {
    expect(conclude(result, [], by('stop'))).toEqual(result);
  });

  it.each(['stop', 'retry'] as const)(
    'of several waits the longest counts, whatever came first (%s)',
    (preferred) => {
      expect(
        conclude(result, [limited(20, 'r1'), limited(60, 'r2'), limited(30, 'r3')], by(preferred)),
      ).toEqual({
        ...result,
        stopped: { reason: 'GitHubRateLimited', message: 'r1', retryAfterMs: 60_000 },
      });
      expect(failure([limited(2, 'r1'), unavailable, limited(5, 'r2')], preferred)).toMatchObject({
        type: 'GitHubRateLimited',
        message: 'r1; no answer',
        nextRetryDelay: 5_000,
      });
    },
  );

  it('the longest wait also counts when another reason leads', () => {
    expect(conclude(result, [noSecret, limited(60)], by('stop'))).toMatchObject({
      stopped: {
        reason: 'SecretNotFound',
        message: 'Secret "s" is missing.; slow down',
        retryAfterMs: 60_000,
      },
    });
  });

  it('errors that ask for both end in what is preferred, also when their reason is the same', () => {
    const errors = [limited(2, 'soon'), noSecret, limited(60, 'later')];
    expect(conclude(result, errors, by('stop'))).toMatchObject({
      stopped: { reason: 'SecretNotFound', message: 'Secret "s" is missing.; soon', retryAfterMs: 60_000 },
    });
    expect(conclude(result, [limited(2, 'soon'), limited(60, 'later')], by('stop'))).toMatchObject({
      stopped: { reason: 'GitHubRateLimited', message: 'later', retryAfterMs: 60_000 },
    });
    const { nextRetryDelay } = failure(errors, 'retry') as { nextRetryDelay: unknown };
    expect(nextRetryDelay).toBe(2_000);
  });

  it('a failure without a time is left to the usual backoff', () => {
    expect(failure([unavailable], 'stop')).toMatchObject({
      type: 'GitHubUnavailable',
      nextRetryDelay: undefined,
    });
  });

  it('all are told unless only the first of each reason is wanted', () => {
    const errors = [limited(60, 'no for one reason'), limited(30, 'no for another'), noSecret];
    expect(conclude(result, errors, { preferred: 'stop' }).stopped?.message).toBe(
      'no for one reason; no for another; Secret "s" is missing.',
    );
  });
});

describe('what becomes of other failures', () => {
  const refused = (facts: Partial<ConstructorParameters<typeof KubernetesError>[1]>) =>
    new KubernetesError({ verb: 'create', resource: 'pods' }, { message: 'no', ...facts });

  it.each<[string, KubernetesError, object]>([
    ['no answer', refused({}), { decision: 'retry', reason: 'KubernetesUnavailable' }],
    [
      'too many requests',
      refused({ status: 429, retryAfterMs: 3_000 }),
      { decision: 'retry', reason: 'KubernetesUnavailable', afterMs: 3_000 },
    ],
    ['a server error', refused({ status: 500 }), { decision: 'retry', reason: 'KubernetesUnavailable' }],
    ['a conflict', refused({ status: 409 }), { decision: 'retry', reason: 'KubernetesRefused' }],
    [
      'an object of this name that is there already',
      refused({ status: 409, reason: 'AlreadyExists' }),
      { decision: 'retry', reason: 'KubernetesRefused' },
    ],
    [
      'credentials that it does not know',
      refused({ status: 401 }),
      { decision: 'retry', reason: 'KubernetesRefused' },
    ],
    [
      'an object that is not there',
      refused({ status: 404 }),
      { decision: 'retry', reason: 'KubernetesRefused' },
    ],
    [
      'a request that it does not take',
      refused({ status: 400 }),
      { decision: 'stop', reason: 'KubernetesRefused' },
    ],
    [
      'an object that is too large',
      refused({ status: 413 }),
      { decision: 'stop', reason: 'InvalidTemplate' },
    ],
    [
      'an object that its database does not take',
      refused({ status: 500, message: 'etcdserver: request is too large' }),
      { decision: 'stop', reason: 'InvalidTemplate' },
    ],
    [
      'admission that says no',
      refused({ status: 409, message: 'admission webhook "a.b" denied the request: no' }),
      { decision: 'stop', reason: 'DeniedByAdmission' },
    ],
    [
      'admission that says no for now',
      refused({
        status: 503,
        message: 'admission webhook "a.b" denied the request: no',
        retryAfterMs: 3_000,
      }),
      { decision: 'stop', reason: 'AdmissionUnavailable', retryAfterMs: 3_000 },
    ],
    [
      'a quota',
      refused({ status: 403, message: 'exceeded quota: q' }),
      { decision: 'stop', reason: 'QuotaExceeded' },
    ],
    [
      'a namespace that goes',
      refused({ status: 403, causes: [{ reason: 'NamespaceTerminating' }] }),
      { decision: 'stop', reason: 'NamespaceTerminating' },
    ],
    ['missing rights', refused({ status: 403 }), { decision: 'stop', reason: 'KubernetesForbidden' }],
    ['a malformed object', refused({ status: 422 }), { decision: 'stop', reason: 'InvalidTemplate' }],
  ])('of the API server: %s', (_what, error, expected) => {
    expect(judge(error)).toMatchObject({ ...expected, message: error.message });
  });

  it.each<[string, unknown, object]>([
    [
      'a setting',
      new SetupError('SecretNotFound', 'create it'),
      { decision: 'stop', reason: 'SecretNotFound', message: 'create it' },
    ],
    [
      'an old pod of that name',
      new PodInTheWayError('wait'),
      { decision: 'retry', reason: 'PodTerminating', message: 'wait', afterMs: 2_000 },
    ],
    [
      'a defect of our own',
      new TypeError('x is undefined'),
      { decision: 'retry', reason: 'Unexpected', message: 'x is undefined' },
    ],
    ['what is no error', 'text', { decision: 'retry', reason: 'Unexpected', message: 'text' }],
  ])('%s', (_what, error, expected) => {
    expect(judge(error)).toEqual(expected);
  });

  it('is told to Temporal, unless it is a failure of an activity already', async () => {
    const own = ApplicationFailure.create({ type: 'JobStillRunning', message: 'later' });
    await expect(attempt(() => Promise.reject(own))).rejects.toBe(own);
    await expect(attempt(() => Promise.reject(new SetupError('SecretNotFound', 'm')))).rejects.toMatchObject({
      type: 'SecretNotFound',
      nonRetryable: true,
    });
    await expect(attempt(() => Promise.reject(new PodInTheWayError('m')))).rejects.toMatchObject({
      type: 'PodTerminating',
      nonRetryable: false,
      nextRetryDelay: 2_000,
    });
    await expect(attempt(() => Promise.resolve(7))).resolves.toBe(7);
  });

  it('is said once, however often it was met', () => {
    const verdicts = ['one', 'two', 'one'].map((message) => judge(new Error(message)));
    expect(messageOf(verdicts)).toBe('one; two');
  });
});
