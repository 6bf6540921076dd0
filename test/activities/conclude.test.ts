import type { Conclusion } from '../../src/activities/failures.ts';
import { SetupError, conclude, firstOfEachReason } from '../../src/activities/failures.ts';
import { GitHubError } from '../../src/github/errors.ts';

const limited = (seconds: number, message = 'slow down'): GitHubError =>
  new GitHubError({ decision: 'retry-after', message, retryAfterMs: seconds * 1_000 });

const unavailable = new GitHubError({ decision: 'retry', message: 'no answer' });
const noSecret = new SetupError('SecretNotFound', 'Secret "s" is missing.');

const result = { created: ['r1'] };

const by = (preferred: Conclusion['preferred']): Conclusion => ({ preferred, told: firstOfEachReason });

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
    stopped: { reason: 'SecretNotFound', message: 'Secret "s" is missing.; slow down', retryAfterMs: 60_000 },
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
