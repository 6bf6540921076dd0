import { rateLimitIn } from '../../src/github/rate-limit.ts';

const answer = (headers: Record<string, string>) => ({ status: 201, headers, body: '' });

const headers = {
  'x-ratelimit-limit': '5000',
  'x-ratelimit-remaining': '4987',
  'x-ratelimit-reset': '1767225600',
  'x-ratelimit-resource': 'actions_runner_registration',
};

describe('the rate limit in an answer', () => {
  it('is read whole', () => {
    expect(rateLimitIn(answer(headers))).toEqual({
      rateLimit: {
        resource: 'actions_runner_registration',
        limit: 5000,
        remaining: 4987,
        resetAt: 1_767_225_600_000,
      },
    });
  });

  it.each([
    ['no header names it', {}, 'other'],
    ['it is a name that GitHub does not document', { 'x-ratelimit-resource': 'x"} 1' }, 'other'],
  ])('has a resource of a known name, also when %s', (_, change, resource) => {
    const { 'x-ratelimit-resource': _known, ...others } = headers;
    expect(rateLimitIn(answer({ ...others, ...change })).rateLimit).toMatchObject({ resource });
  });

  it.each([
    ['there is none', {}],
    ['a part is missing', { ...headers, 'x-ratelimit-reset': undefined }],
    ['a part is no number', { ...headers, 'x-ratelimit-remaining': 'many' }],
    ['a part is below zero', { ...headers, 'x-ratelimit-remaining': '-1' }],
  ])('is left out when %s', (_, some) => {
    expect(rateLimitIn(answer(some as Record<string, string>))).toEqual({});
  });
});
