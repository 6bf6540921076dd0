import { judge } from '../../src/activities/failures.ts';
import { GitHubError } from '../../src/github/errors.ts';
import type { GitHubErrorFacts } from '../../src/github/errors.ts';

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
