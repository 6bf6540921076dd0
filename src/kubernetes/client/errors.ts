import type { Status } from './resources.ts';
import { retryAfterMs } from '../../api/retry-after.ts';
import { fitting } from '../../api/text-limits.ts';

/** What a request was about, for messages: never its body. */
export interface RequestSubject {
  /** The API's verb: get, list, watch, create, patch, delete. */
  verb: string;
  /** Plural of the resource, with its subresource if any: `ephemeralrunners/status`. */
  resource: string;
  namespace?: string | undefined;
  name?: string | undefined;
}

/** One cause named by the API server: a field, and what is wrong with it. */
export interface KubernetesErrorCause {
  field?: string;
  reason?: string;
  message?: string;
}

interface KubernetesErrorFacts {
  message: string;
  status?: number | undefined;
  reason?: string | undefined;
  causes?: KubernetesErrorCause[] | undefined;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** A request that the API server refused, or that got no answer. Carries the server's own words, never a body. */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  readonly subject: RequestSubject;
  /** What the API server said; `message` puts the request before it. */
  readonly serverMessage: string;
  /** HTTP status; `undefined` when no answer came. */
  readonly status: number | undefined;
  /** `Status.reason`: NotFound, AlreadyExists, Conflict, Invalid, Expired, … */
  readonly reason: string | undefined;
  readonly causes: readonly KubernetesErrorCause[];
  /** How long the server asks to wait (Retry-After), in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(subject: RequestSubject, facts: KubernetesErrorFacts) {
    const serverMessage = fitting(facts.message, 'error');
    super(
      `${describe(subject)}: ${serverMessage}`,
      facts.cause === undefined ? undefined : { cause: facts.cause },
    );
    this.subject = subject;
    this.serverMessage = serverMessage;
    this.status = facts.status;
    this.reason = facts.reason;
    this.causes = facts.causes ?? [];
    this.retryAfterMs = facts.retryAfterMs;
  }
}

const describe = ({ verb, resource, namespace, name }: RequestSubject): string =>
  [verb, resource, [namespace, name].filter(Boolean).join('/')].filter(Boolean).join(' ');

/** An answer with a status of 400 or more; `body` is the response's text. */
export interface RefusedResponse {
  status: number;
  body: string;
  retryAfter?: string | undefined;
}

/** The error for a refused request. Reads the `Status` object that the API server sends, if it is one. */
export function errorFromResponse(subject: RequestSubject, response: RefusedResponse): KubernetesError {
  const status = parseStatus(response.body);
  if (status) return errorFromStatus(subject, { ...status, code: response.status }, response.retryAfter);
  return new KubernetesError(subject, {
    message: `HTTP ${response.status}`,
    status: response.status,
    retryAfterMs: retryAfterMs(response.retryAfter, Date.now()),
  });
}

/** The error for a `Status` object: of a refused request, or of an ERROR event in a watch. */
export function errorFromStatus(
  subject: RequestSubject,
  status: Status,
  retryAfter?: string,
): KubernetesError {
  const isSecret = /^secrets\b/.test(subject.resource);
  const [denial] = (isSecret && DENIAL.exec(status.message ?? '')) || [];
  const hidden = denial !== undefined || (isSecret && QUOTING.has(status.code));
  const causes = (status.details?.causes ?? []).map((cause) => causeFrom(cause, hidden));
  return new KubernetesError(subject, {
    message: hidden
      ? (denial ?? withoutValues(status, causes))
      : (status.message ?? status.reason ?? `HTTP ${status.code ?? 0}`),
    status: status.code,
    reason: status.reason,
    causes,
    retryAfterMs: retryAfterMs(retryAfter, Date.now()) ?? inMilliseconds(status.details?.retryAfterSeconds),
  });
}

/** The error for a request that got no answer: refused or broken connections, timeouts. */
export const errorFromFailure = (subject: RequestSubject, cause: unknown): KubernetesError =>
  new KubernetesError(subject, { message: `no answer from the API server (${wordsOf(cause)})`, cause });

/** Told by its shape: errors of Node itself need not be of this realm's `Error`. */
function wordsOf(cause: unknown): string {
  const { name, code, message } = (cause ?? {}) as { name?: unknown; code?: unknown; message?: unknown };
  const title = [code, name].find((word) => typeof word === 'string') ?? 'unknown failure';
  return typeof message === 'string' && message !== '' ? `${title}: ${message}` : title;
}

/**
 * A Secret that is invalid is refused with the values quoted: only the names of its fields may be repeated. Of a denial,
 * with whatever status, only who denies: what a webhook says of a Secret may hold anything.
 */
const QUOTING: ReadonlySet<number | undefined> = new Set([400, 422]);

function withoutValues(status: Status, causes: KubernetesErrorCause[]): string {
  const fields = causes.flatMap((cause) => cause.field ?? []);
  return `${status.reason ?? 'refused'}${fields.length > 0 ? `: ${fields.join(', ')}` : ''}`;
}

const causeFrom = (
  { field, reason, message }: { field?: string; reason?: string; message?: string },
  hidden: boolean,
): KubernetesErrorCause => ({
  ...(field !== undefined && { field }),
  ...(reason !== undefined && { reason }),
  ...(message !== undefined && !hidden && { message }),
});

function parseStatus(body: string): Status | undefined {
  if (!body.startsWith('{')) return undefined;
  try {
    const status = JSON.parse(body) as Status;
    return status.kind === 'Status' ? status : undefined;
  } catch {
    return undefined;
  }
}

const inMilliseconds = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : Math.max(0, seconds * 1000);

const when =
  (test: (error: KubernetesError) => boolean) =>
  (error: unknown): error is KubernetesError =>
    error instanceof KubernetesError && test(error);

/** The object, or its namespace or kind, does not exist. */
export const isNotFound = when((error) => error.status === 404 && !isDenied(error));

/** An object of this name exists already (a create). */
export const isAlreadyExists = when(
  (error) => error.status === 409 && error.reason === 'AlreadyExists' && !isDenied(error),
);

/** The object changed since it was read, or its uid is another one (a precondition failed). */
export const isConflict = when(
  (error) => error.status === 409 && error.reason !== 'AlreadyExists' && !isDenied(error),
);

/** The API server does not know who is calling. */
export const isUnauthorized = when(({ status }) => status === 401);

/** RBAC, admission or a quota refuses; the message says which. */
export const isForbidden = when(({ status }) => status === 403);

/** The object is malformed; `causes` name the fields. One that is too large to be stored never gets smaller by itself. */
export const isInvalid = when((error) => error.status === 422 || isTooLarge(error));

/** What the API server says of an object that its database does not take, with a status of 500; or one for the request. */
const TOO_LARGE = /etcdserver: request is too large|trying to send message larger than max/;

const isTooLarge = ({ status, serverMessage }: KubernetesError): boolean =>
  status === 413 || (status !== undefined && TOO_LARGE.test(serverMessage));

/** The words of the API server where a webhook or a policy said no, or a webhook that must be asked could not be. */
const DENIAL =
  /admission webhook ".*?" denied the request|failed calling webhook( ".*?")?|ValidatingAdmissionPolicy '.*?' .*?denied request/;

/** Admission says no: with whatever status a webhook or a policy gives it, which may be any. */
export const isDenied = when((error) => DENIAL.test(error.message));

/** A webhook says no only for now, by its status, or does not answer. */
export const isDeniedForNow = when((error) => isDenied(error) && isTransient(error));

/** A webhook has effects of its own, and refuses to be asked what it would say: nothing is known by that. */
export const isNoDryRun = when((error) => error.message.includes('does not support dry run'));

/** A ResourceQuota leaves no room: it may later. */
export const isQuotaExceeded = when(
  (error) => isForbidden(error) && error.message.includes('exceeded quota'),
);

/** The namespace is being deleted and takes nothing new. */
export const isNamespaceTerminating = when(
  (error) => isForbidden(error) && error.causes.some(({ reason }) => reason === 'NamespaceTerminating'),
);

/** The resource version or continue token is too old: list again. */
export const isGone = when(
  ({ status, reason }) => status === 410 || reason === 'Expired' || reason === 'Gone',
);

/** The same request may succeed later: no answer, too many requests, or a failure of the server itself. */
export const isTransient = when(
  (error) =>
    error.status === undefined || error.status === 429 || (error.status >= 500 && !isTooLarge(error)),
);

/** What a request answers, `undefined` if the object does not exist. */
export async function ignoreNotFound<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Waits for a creation; that the object exists already, from an earlier try or by somebody else, is as good. */
export async function ignoreAlreadyExists(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
