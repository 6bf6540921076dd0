import { decisionFor, errorFromAnswer, errorFromFailure, isDecision } from '../../src/github/errors.ts';
import type { HttpAnswer, RequestSubject } from '../../src/github/errors.ts';

const subject: RequestSubject = {
  service: 'actions',
  method: 'POST',
  url: new URL(
    'https://ghes.example/_apis/runtime/runnerscalesets/1/generatejitconfig?api-version=6.0-preview',
  ),
};
const now = Date.parse('2026-01-01T00:00:00Z');
const answer = (status: number, body = '', headers: HttpAnswer['headers'] = {}): HttpAnswer => ({
  status,
  headers,
  body,
});

describe('the decision for a refusal', () => {
  it.each([
    ['actions', 409, 'GitHub.DistributedTask.WebApi.TaskAgentExistsException, GitHub', 'runner-exists'],
    ['actions', 404, 'TaskAgentNotFoundException', 'not-found'],
    ['actions', 400, 'JobStillRunningException', 'job-still-running'],
    ['actions', 409, 'JobStillRunningException', 'job-still-running'],
    ['actions', 409, 'RunnerScaleSetSessionConflictException', 'session-conflict'],
    ['actions', 400, 'RunnerScaleSetSessionExpiredException', 'session-expired'],
    ['actions', 404, 'RunnerScaleSetNotFoundException', 'gone'],
    ['actions', 404, 'RunnerGroupNotFoundException', 'not-found'],
    ['actions', 404, '', 'retry'],
    ['actions', 410, '', 'retry'],
    ['actions', 410, 'GoneException', 'not-found'],
    ['queue', 404, '', 'retry'],
    ['actions', 400, 'RunnerScaleSetSessionNotFoundException', 'session-expired'],
    ['rest', 410, '', 'refused'],
    ['actions', 401, '', 'refused'],
    ['actions', 400, '', 'refused'],
    ['actions', 501, '', 'refused'],
    ['actions', 500, '', 'retry'],
    ['actions', 429, '', 'retry'],
    ['actions', 408, '', 'retry'],
    ['queue', 401, '', 'token-expired'],
    ['rest', 401, '', 'refused'],
    ['rest', 403, '', 'refused'],
    ['rest', 404, '', 'refused'],
    ['rest', 502, '', 'retry'],
  ] as const)('of %s with %d %s is %s', (...[service, status, typeName, decision]) => {
    expect(decisionFor({ service, status, typeName })).toBe(decision);
  });

  it.each([
    [404, 'session ID that does not exist in redis', 'session-expired'],
    [400, 'The session was not found.', 'session-expired'],
    [403, 'Session abc is unknown', 'session-expired'],
    [400, 'the runner does not exist', 'refused'],
    [401, 'the session token has expired', 'refused'],
    [500, 'the session does not exist', 'retry'],
  ])('of %d with the words "%s" is %s', (status, words, decision) => {
    expect(decisionFor({ service: 'actions', status, typeName: 'RunnerAdminException', words })).toBe(
      decision,
    );
  });

  it.each([
    [429, { 'retry-after': '7' }, '', 7_000],
    [503, { 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' }, '', 9_000],
    [503, { 'retry-after': 'Thu, 01 Jan 2020 00:00:00 GMT' }, '', 0],
    [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1000 + 30) }, '', 30_000],
    [403, {}, '{"message":"You have exceeded a secondary rate limit"}', 60_000],
  ])('of %d with %j is to wait', (...[status, headers, body, retryAfterMs]) => {
    const error = errorFromAnswer(subject, answer(status, body, headers), now);
    expect(error).toMatchObject({ decision: 'retry-after', retryAfterMs });
  });

  it('ignores a Retry-After that makes no sense', () => {
    const error = errorFromAnswer(subject, answer(503, '', { 'retry-after': 'soon' }), now);
    expect(error).toMatchObject({ decision: 'retry', retryAfterMs: undefined });
  });
});

describe('the text of an error', () => {
  it('names request, status and both correlation ids', () => {
    const headers = { activityid: 'act-1', 'x-github-request-id': 'req-2' };
    const { message, activityId, requestId } = errorFromAnswer(subject, answer(404, '', headers), now);
    expect(message).toContain(
      'POST https://ghes.example/_apis/runtime/runnerscalesets/1/generatejitconfig failed',
    );
    expect(message).toContain('status="404 Not Found"');
    expect(message).toContain('activity_id="act-1"');
    expect(message).toContain('github_request_id="req-2"');
    expect(message).toContain('unknown error');
    expect(message).not.toContain('api-version');
    expect([activityId, requestId]).toEqual(['act-1', 'req-2']);
  });

  it('gives the type and message of an exception', () => {
    const body = '{"$id":"1","typeName":"SomeException","message":"no way","errorCode":0}';
    const error = errorFromAnswer(subject, answer(400, body), now);
    expect(error.typeName).toBe('SomeException');
    expect(error.message).toContain('SomeException: no way');
  });

  it('gives plain text as it is, without reading it as JSON', () => {
    const error = errorFromAnswer(
      subject,
      answer(400, '{"typeName":"X"}', { 'content-type': 'text/plain' }),
      now,
    );
    expect(error.typeName).toBeUndefined();
    expect(error.message).toContain('{"typeName":"X"}');
  });

  it('cuts what is long and strips markup', () => {
    const { message } = errorFromAnswer(
      subject,
      answer(502, `<html><h1>Bad</h1>${'word '.repeat(500)}`),
      now,
    );
    expect(message.length).toBeLessThan(600);
    expect(message).toContain('Bad word');
    expect(message).not.toContain('<h1>');
  });

  it('never repeats a secret that the server echoes', () => {
    const secret = 'ghp_verysecret123';
    const body = JSON.stringify({ typeName: `T ${secret}`, message: `you sent Bearer ${secret}` });
    const error = errorFromAnswer(subject, answer(400, body, { activityid: secret }), now);
    expect(JSON.stringify([error, error.message])).not.toContain(secret);
  });

  it('tells a certificate that is not trusted from a server that is away', () => {
    const failure = (code: string): Error => Object.assign(new Error('no'), { code });
    expect(errorFromFailure(subject, failure('ECONNREFUSED'))).toMatchObject({ decision: 'retry' });
    const untrusted = errorFromFailure(subject, failure('DEPTH_ZERO_SELF_SIGNED_CERT'));
    expect(untrusted).toMatchObject({ decision: 'invalid-config', field: 'githubServerTLS' });
    expect(isDecision(untrusted, 'invalid-config')).toBe(true);
  });
});
