import * as errors from '../../../src/kubernetes/client/errors.ts';
import type { KubernetesError } from '../../../src/kubernetes/client/errors.ts';
import {
  errorFromFailure,
  errorFromResponse,
  errorFromStatus,
} from '../../../src/kubernetes/client/errors.ts';
import { status } from './api-server.ts';

const subject = { verb: 'create', resource: 'pods', namespace: 'ns', name: 'r1' };
const response = (...facts: Parameters<typeof status>) =>
  errorFromResponse(subject, { status: facts[0], body: JSON.stringify(status(...facts)) });

const predicates = {
  isNotFound: errors.isNotFound,
  isAlreadyExists: errors.isAlreadyExists,
  isConflict: errors.isConflict,
  isUnauthorized: errors.isUnauthorized,
  isForbidden: errors.isForbidden,
  isInvalid: errors.isInvalid,
  isQuotaExceeded: errors.isQuotaExceeded,
  isNamespaceTerminating: errors.isNamespaceTerminating,
  isGone: errors.isGone,
  isTransient: errors.isTransient,
  isDenied: errors.isDenied,
  isDeniedForNow: errors.isDeniedForNow,
};

const holding = (error: unknown) =>
  Object.entries(predicates)
    .filter(([, predicate]) => predicate(error))
    .map(([name]) => name);

/** What a status stands for, whoever says it; that something is there or is not, only the API server knows. */
const byStatus = (code: number): string[] =>
  ({
    401: ['isUnauthorized'],
    403: ['isForbidden'],
    413: ['isInvalid'],
    410: ['isGone'],
    422: ['isInvalid'],
  })[code] ?? [];

const quota = 'pods "r1" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1';
const terminating = {
  causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace', message: 'm' }],
};

describe('predicates', () => {
  it.each<[string, KubernetesError, string[]]>([
    ['404', response(404, 'NotFound', 'm'), ['isNotFound']],
    ['409, exists', response(409, 'AlreadyExists', 'm'), ['isAlreadyExists']],
    ['409, changed', response(409, 'Conflict', 'm'), ['isConflict']],
    ['401', response(401, 'Unauthorized', 'm'), ['isUnauthorized']],
    ['403', response(403, 'Forbidden', 'no'), ['isForbidden']],
    ['403, quota', response(403, 'Forbidden', quota), ['isForbidden', 'isQuotaExceeded']],
    [
      '403, namespace going',
      response(403, 'Forbidden', 'm', terminating),
      ['isForbidden', 'isNamespaceTerminating'],
    ],
    ['422', response(422, 'Invalid', 'm'), ['isInvalid']],
    ['410', response(410, 'Expired', 'm'), ['isGone']],
    ['an expired watch', errorFromStatus(subject, { reason: 'Expired', code: 410 }), ['isGone']],
    ['429', response(429, 'TooManyRequests', 'm'), ['isTransient']],
    ['413', response(413, 'RequestEntityTooLarge', 'm'), ['isInvalid']],
    ['500, too large', response(500, '', 'etcdserver: request is too large'), ['isInvalid']],
    ['500', response(500, 'InternalError', 'm'), ['isTransient']],
    ['504', response(504, 'Timeout', 'm'), ['isTransient']],
    ...[400, 401, 403, 404, 409, 410, 413, 422].map((code): [string, KubernetesError, string[]] => [
      `${code}, said by a webhook`,
      response(code, 'Some', 'admission webhook "a.b" denied the request: no'),
      [...byStatus(code), 'isDenied'],
    ]),
    [
      'a webhook that says that it exists',
      response(409, 'AlreadyExists', 'admission webhook "a.b" denied the request: no'),
      ['isDenied'],
    ],
    ...[429, 500, 503, 504].map((code): [string, KubernetesError, string[]] => [
      `${code}, said by a webhook`,
      response(code, 'Some', 'admission webhook "a.b" denied the request: no'),
      ['isTransient', 'isDenied', 'isDeniedForNow'],
    ]),
    [
      'a webhook that does not answer',
      response(
        500,
        'InternalError',
        'Internal error occurred: failed calling webhook "a.b": deadline exceeded',
      ),
      ['isTransient', 'isDenied', 'isDeniedForNow'],
    ],
    ['no answer', errorFromFailure(subject, new Error('x')), ['isTransient']],
  ])('%s', (_, error, expected) => {
    expect(holding(error)).toEqual(expected);
  });

  it('hold for nothing else', () => {
    expect(holding(new Error('pods not found'))).toEqual([]);
  });
});

describe('messages', () => {
  it("are the server's own, after verb, resource and name", () => {
    const error = response(403, 'Forbidden', quota);
    expect(error.message).toBe(`create pods ns/r1: ${quota}`);
    expect(error.serverMessage).toBe(quota);
  });

  it('are cut to what fits into a condition', () => {
    const error = response(403, 'Forbidden', `quota ${'語'.repeat(100_000)}`);
    expect(Buffer.byteLength(error.message)).toBeLessThan(2_100);
    expect(error.message).toMatch(/^create pods ns\/r1: quota 語+…$/);
  });

  it('of failures name the code', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
    expect(errorFromFailure(subject, cause).message).toContain('ECONNREFUSED');
    expect(errorFromFailure(subject, cause).cause).toBe(cause);
  });

  it('never repeat a body that is no Status', () => {
    const error = errorFromResponse(subject, { status: 502, body: '<html>secret</html>' });
    expect(error.message).toBe('create pods ns/r1: HTTP 502');
  });

  it('of Secrets name fields, never values', () => {
    const causes = [
      { field: 'data[jitToken]', reason: 'FieldValueInvalid', message: 'Invalid value: "c2VjcmV0"' },
    ];
    const body = JSON.stringify(
      status(422, 'Invalid', 'Secret "r1" is invalid: Invalid value: "c2VjcmV0"', { causes }),
    );
    const error = errorFromResponse({ ...subject, resource: 'secrets' }, { status: 422, body });
    expect(error.message).toBe('create secrets ns/r1: Invalid: data[jitToken]');
    expect(JSON.stringify(error.causes)).not.toContain('c2VjcmV0');
  });

  it.each([400, 403, 404, 409, 422, 500])(
    'of Secrets name who denies them (%i), and not what it says',
    (code) => {
      const denial = 'admission webhook "a.b" denied the request: jitToken c2VjcmV0';
      const body = JSON.stringify(status(code, 'Some', denial));
      const error = errorFromResponse({ ...subject, resource: 'secrets' }, { status: code, body });
      expect(error.message).toBe('create secrets ns/r1: admission webhook "a.b" denied the request');
    },
  );

  it('give the causes of an invalid object', () => {
    const causes = [{ field: 'spec.containers', message: 'Required value', reason: 'FieldValueRequired' }];
    expect(response(422, 'Invalid', 'm', { causes }).causes).toEqual(causes);
  });
});

describe('Retry-After', () => {
  const after = (retryAfter: string) =>
    errorFromResponse(subject, { status: 429, body: '', retryAfter }).retryAfterMs;
  it('in seconds', () => expect(after('3')).toBe(3000));
  it('as a date', () => {
    const wait = after(new Date(Date.now() + 10_000).toUTCString());
    expect(wait).toBeGreaterThan(8000);
    expect(wait).toBeLessThanOrEqual(10_000);
  });
  it('of the Status, without a header', () => {
    expect(response(504, 'Timeout', 'm', { retryAfterSeconds: 1 }).retryAfterMs).toBe(1000);
  });
  it('is left out if unreadable', () => expect(after('soon')).toBeUndefined());
});
