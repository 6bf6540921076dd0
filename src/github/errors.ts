import { STATUS_CODES } from 'node:http';
import { redact } from '../api/redact.ts';
import { retryAfterMs } from '../api/retry-after.ts';
import { fitting } from '../api/text-limits.ts';
import { rateLimitIn } from './rate-limit.ts';

/**
 * What a caller should do about a failed call:
 * - `retry`: the same call may succeed: no answer, an answer that makes no sense, a failure of the server
 * - `retry-after`: as `retry`, but not before `retryAfterMs` have passed
 * - `runner-exists`: the runner's name is taken: look it up, remove it or choose another
 * - `not-found`: the service itself says that the thing asked for does not exist; a bare 404 may come from anything in
 *   between, and is a `retry`
 * - `job-still-running`: the runner is busy: leave it
 * - `session-conflict`: another message session is live: wait
 * - `session-expired`: the message session is gone: create a new one
 * - `token-expired`: the message queue refuses its token even after a refresh
 * - `refused`: GitHub will say no again until a person changes credentials, permissions or the request
 * - `gone`: the service itself says that the scale set no longer exists
 * - `invalid-config`: our configuration is wrong; the message names the field
 */
export type GitHubDecision =
  | 'retry'
  | 'retry-after'
  | 'runner-exists'
  | 'not-found'
  | 'job-still-running'
  | 'session-conflict'
  | 'session-expired'
  | 'token-expired'
  | 'refused'
  | 'gone'
  | 'invalid-config';

/** Whom a request went to: the REST API, the Actions service, or the Actions service's message queue. */
export type GitHubService = 'rest' | 'actions' | 'queue';

/** What a request was about, for messages: never its headers, query or body. */
export interface RequestSubject {
  service: GitHubService;
  method: string;
  url: URL;
}

/** Fields of the custom resources that say how GitHub is reached. */
export type ConfigField = 'githubConfigUrl' | 'githubConfigSecret' | 'githubServerTLS' | 'proxy';

/** What is known of a call that failed. */
export interface GitHubErrorFacts {
  decision: GitHubDecision;
  message: string;
  status?: number | undefined;
  /** Exception type named by the Actions service. */
  typeName?: string | undefined;
  /** `ActivityId` of the Actions service, for GitHub's support. */
  activityId?: string | undefined;
  /** `X-GitHub-Request-Id` of the REST API, for GitHub's support. */
  requestId?: string | undefined;
  retryAfterMs?: number | undefined;
  /** With `retry-after`: the rate limit whose end has to be waited for, when that is the reason, as GitHub names it. */
  usedUpBudget?: string | undefined;
  /** With `invalid-config`: the field of the custom resource that is wrong. */
  field?: ConfigField | undefined;
  cause?: unknown;
}

/** A call to GitHub that failed, with the decision it causes. Its text never holds a token, key or JIT config. */
export class GitHubError extends Error {
  override readonly name = 'GitHubError';
  readonly decision: GitHubDecision;
  readonly status: number | undefined;
  readonly typeName: string | undefined;
  readonly activityId: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly usedUpBudget: string | undefined;
  readonly field: ConfigField | undefined;

  constructor(facts: GitHubErrorFacts) {
    super(fitting(facts.message, 'error'), facts.cause === undefined ? undefined : { cause: facts.cause });
    this.decision = facts.decision;
    this.status = facts.status;
    this.typeName = facts.typeName;
    this.activityId = facts.activityId;
    this.requestId = facts.requestId;
    this.retryAfterMs = facts.retryAfterMs;
    this.usedUpBudget = facts.usedUpBudget;
    this.field = facts.field;
  }
}

/** Whether `error` is a GitHub error with this decision. */
export const isDecision = (error: unknown, decision: GitHubDecision): error is GitHubError =>
  error instanceof GitHubError && error.decision === decision;

/** The same failure, judged by whoever knows what the call was about. */
export function withDecision(error: GitHubError, decision: GitHubDecision): GitHubError {
  const { message, status, typeName, activityId, requestId, retryAfterMs, cause } = error;
  return new GitHubError({ decision, message, status, typeName, activityId, requestId, retryAfterMs, cause });
}

/** An answer as it came, headers in lower case. */
export interface HttpAnswer {
  status: number;
  headers: Readonly<Record<string, string | undefined>>;
  body: string;
}

const TYPE_NAMES: readonly [fragment: string, decision: GitHubDecision][] = [
  ['AgentExistsException', 'runner-exists'],
  ['AgentNotFoundException', 'not-found'],
  ['JobStillRunningException', 'job-still-running'],
  ['SessionConflictException', 'session-conflict'],
  ['SessionExpiredException', 'session-expired'],
  ['RunnerScaleSetNotFoundException', 'gone'],
];

/** What classification looks at. */
export interface Refusal {
  service: GitHubService;
  status: number;
  typeName?: string | undefined;
  /** What the service says of it. */
  words?: string | undefined;
  retryAfterMs?: number | undefined;
}

/** GitHub has several types of exception for it, and one of them for much else. */
const LOST_SESSION = /\bsession\b.*\b(does not exist|not exist|not found|unknown|expired|no longer)\b/i;

/** The service does not know the message session that it was asked about. */
const isLostSession = ({ service, status, typeName = '', words = '' }: Refusal): boolean =>
  service !== 'rest' &&
  (/Session(NotFound|DoesNotExist|Unknown|Gone)/.test(typeName) ||
    ([400, 403, 404, 410].includes(status) && LOST_SESSION.test(words)));

/** The decision for an answer that was not the expected one (protocol: errors). The type name outranks the status. */
export function decisionFor(refusal: Refusal): GitHubDecision {
  const { service, status, typeName = '', retryAfterMs } = refusal;
  const named = TYPE_NAMES.find(([fragment]) => typeName.includes(fragment));
  if (named) return named[1];
  if (isLostSession(refusal)) return 'session-expired';
  if (retryAfterMs !== undefined && (status === 429 || status === 403 || status >= 500)) return 'retry-after';
  if (status === 401 && service === 'queue') return 'token-expired';
  if (status === 404 || status === 410) {
    if (service === 'rest') return 'refused';
    return typeName === '' ? 'retry' : 'not-found';
  }
  if (status === 501) return 'refused';
  return status === 408 || status === 429 || status >= 500 ? 'retry' : 'refused';
}

/** The error for an answer with an unexpected status. `now` is the time in milliseconds since the epoch. */
export function errorFromAnswer(subject: RequestSubject, answer: HttpAnswer, now: number): GitHubError {
  const { typeName, message } = exceptionIn(answer);
  const { retryAfterMs, usedUpBudget } = pauseAskedFor(answer, now);
  const { service } = subject;
  const decision = decisionFor({ service, status: answer.status, typeName, words: message, retryAfterMs });
  const detail = [typeName, message].filter(Boolean).join(': ') || 'unknown error';
  return new GitHubError({
    decision,
    message: describe(subject, answer, detail + remedyFor(subject, answer, { decision, now })),
    status: answer.status,
    typeName,
    ...correlation(answer),
    retryAfterMs,
    usedUpBudget,
  });
}

/** The error for an answer with the expected status whose content makes no sense. */
export const errorFromContent = (subject: RequestSubject, answer: HttpAnswer, cause: unknown): GitHubError =>
  new GitHubError({
    decision: 'retry',
    message: describe(subject, answer, `the answer makes no sense: ${excerpt(wordsOf(cause))}`),
    status: answer.status,
    ...correlation(answer),
  });

const CERTIFICATE_CODES =
  /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|ERR_TLS_CERT|HOSTNAME_MISMATCH)/;

const REDIRECTS = 'it redirects too often: set githubConfigUrl to the final address';

/** The error for a request that got no answer: refused or broken connections, timeouts, certificates. */
export function errorFromFailure(subject: RequestSubject, failure: unknown): GitHubError {
  const words = excerpt(wordsOf(failure));
  // The original may hold the bytes that were received.
  const cause = Object.assign(new Error(words), { code: codeOf(failure) });
  const error = (decision: GitHubDecision, detail: string, field?: ConfigField): GitHubError =>
    new GitHubError({ decision, message: describe(subject, undefined, detail), field, cause });
  if (words.includes('Redirect loop detected')) return error('refused', REDIRECTS);
  const denial = proxyDenialIn(words, subject);
  if (denial) return error('invalid-config', denial, 'proxy');
  if (!CERTIFICATE_CODES.test(cause.code)) return error('retry', `no answer (${words})`);
  const detail = `the certificate is not trusted (${words}): name its CA in githubServerTLS`;
  return error('invalid-config', detail, 'githubServerTLS');
}

/** What to do about a proxy that says no itself: the library tells it in words only. */
function proxyDenialIn(words: string, { url }: RequestSubject): string | undefined {
  const status = /\bProxy (?:response|Authentication Required) \((\d{3})\)/.exec(words)?.[1];
  const [scheme, variable] = url.protocol === 'https:' ? ['https', 'HTTPS_PROXY'] : ['http', 'HTTP_PROXY'];
  // Some proxies say 401 to a wrong password, and 407 only where there is none.
  if (status === '407' || status === '401') {
    const remedy = `correct the Secret that proxy.${scheme}.credentialSecretRef names`;
    return `the proxy does not accept our credentials (${status}): ${remedy}, or ${variable} if the proxy is the worker's own`;
  }
  if (status !== '403') return undefined;
  return `the proxy does not let us through to ${url.host} (403): allow it there, or choose another proxy.${scheme}.url`;
}

/** A request in words, each segment of its path cleaned by itself: a path as a whole looks like a secret. */
export const wordsFor = ({ method, url }: RequestSubject): string =>
  `${method} ${url.origin}${url.pathname.split('/').map(excerpt).join('/')}`;

function describe(subject: RequestSubject, answer: HttpAnswer | undefined, detail: string): string {
  const where = `${wordsFor(subject)} failed`;
  if (!answer) return `${where}: ${detail}`;
  const { activityId, requestId } = correlation(answer);
  const facts = [
    `status="${[answer.status, STATUS_CODES[answer.status]].filter(Boolean).join(' ')}"`,
    ...(activityId === undefined ? [] : [`activity_id="${activityId}"`]),
    ...(requestId === undefined ? [] : [`github_request_id="${requestId}"`]),
  ];
  return `${where} (${facts.join(', ')}): ${detail}`;
}

function remedyFor(
  subject: RequestSubject,
  answer: HttpAnswer,
  { decision, now }: { decision: GitHubDecision; now: number },
): string {
  const { status } = answer;
  if (status >= 300 && status < 400) return `; ${REDIRECTS}`;
  if (decision !== 'refused' || subject.service !== 'rest') return '';
  if (status === 401)
    return (
      clockRemedy(subject, answer, now) ??
      '; replace the credentials in the Secret that githubConfigSecret names'
    );
  return '; check that githubConfigUrl exists and that its credentials may manage self-hosted runners';
}

/** A clock that is off by more than this (milliseconds) may be why the JWT of an App is refused. */
const CLOCK_TOLERANCE_MS = 55_000;

/** Only the JWT of an App is dated by our clock. */
function clockRemedy({ url }: RequestSubject, { headers }: HttpAnswer, now: number): string | undefined {
  if (!url.pathname.endsWith('/access_tokens')) return undefined;
  const off = now - Date.parse(headers['date'] ?? '');
  if (!(Math.abs(off) > CLOCK_TOLERANCE_MS)) return undefined;
  const [seconds, way] = [Math.round(Math.abs(off) / 1_000), off > 0 ? 'ahead of' : 'behind'];
  return `; the worker's clock is ${seconds} s ${way} GitHub's: set it, and let NTP keep it`;
}

const correlation = ({ headers }: HttpAnswer): { activityId?: string; requestId?: string } => ({
  ...(headers['activityid'] !== undefined && { activityId: excerpt(headers['activityid']) }),
  ...(headers['x-github-request-id'] !== undefined && { requestId: excerpt(headers['x-github-request-id']) }),
});

/** Type and message of the service's exception; pages and plain text come back as a short message. */
function exceptionIn({ body, headers }: HttpAnswer): { typeName?: string; message?: string } {
  const isText = /\btext\/plain\b/i.test(headers['content-type'] ?? '');
  const exception = isText ? undefined : objectFrom(body);
  if (!exception) return { message: excerpt(body.replaceAll(/<[^>]*>/g, ' ')) };
  const { typeName, message } = exception;
  return {
    ...(typeof typeName === 'string' && { typeName: excerpt(typeName) }),
    ...(typeof message === 'string' && { message: excerpt(message) }),
  };
}

function objectFrom(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** What GitHub's guide to rate limits tells clients to wait when a secondary limit names no time. */
const SECONDARY_LIMIT_MS = 60_000;

/** The pause that an answer asks for: Retry-After, the end of a used-up rate limit, or a secondary limit's minute. */
function pauseAskedFor(
  answer: HttpAnswer,
  now: number,
): Pick<GitHubErrorFacts, 'retryAfterMs' | 'usedUpBudget'> {
  const { status, headers, body } = answer;
  if (status !== 403 && status !== 429 && status < 500) return {};
  const asked = retryAfterMs(headers['retry-after'], now);
  if (asked !== undefined) return { retryAfterMs: asked };
  const isSecondary = status < 500 && /secondary rate limit/i.test(body);
  const reset = Number(headers['x-ratelimit-reset']);
  if (headers['x-ratelimit-remaining'] !== '0' || !Number.isFinite(reset))
    return isSecondary ? { retryAfterMs: SECONDARY_LIMIT_MS } : {};
  // A secondary limit is for calls of all kinds, whatever is left of the budgets.
  const usedUpBudget = isSecondary ? undefined : rateLimitIn(answer).rateLimit?.resource;
  return { retryAfterMs: Math.max(0, reset * 1000 - now), usedUpBudget };
}

const EXCERPT = 300;

/** Foreign text made fit for a message: one line, short, without anything that looks like a secret. */
function excerpt(text: string): string {
  const line = redact(
    text
      .slice(0, 4 * EXCERPT)
      .replaceAll(/[\s\p{Cc}]+/gu, ' ')
      .trim(),
  );
  return line.length > EXCERPT ? `${line.slice(0, EXCERPT)}…` : line;
}

// Holds across realms, unlike instanceof; TypeScript's library does not have it yet.
const isError = (value: unknown): value is Error =>
  (Error as unknown as { isError(value: unknown): boolean }).isError(value);

const codeOf = (cause: unknown): string =>
  isError(cause) && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';

function wordsOf(cause: unknown): string {
  if (!isError(cause)) return 'unknown failure';
  return [codeOf(cause) || cause.name, cause.message].filter(Boolean).join(': ');
}
