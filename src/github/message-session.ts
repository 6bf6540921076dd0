import { unlessAborted } from './transport/abort.ts';
import type { ActionsCall } from './actions-service.ts';
import { decodeAnswer, decodeNothing } from './actions-service.ts';
import { GitHubError, isDecision, withDecision } from './errors.ts';
import type { GitHubRequest } from './transport/http.ts';
import { int64Json, parseJson } from './transport/json.ts';
import type { Int64 } from './transport/json.ts';
import { scaleSetPath } from './scale-set-calls.ts';
import type { CallOptions, ScaleSetClient, ScaleSetTransport } from './scale-set-client.ts';
import { decodeAcquired, decodeJob, decodeMessage, decodeSession } from './wire.ts';
import type {
  JobAssigned,
  JobAvailable,
  JobCompleted,
  JobStarted,
  QueueMessage,
  RunnerScaleSetStatistics,
  SessionState,
} from './wire.ts';

/** A message of the queue, its jobs by kind, each in the order of the message. */
export interface ScaleSetMessage {
  messageId: number;
  /** Absent when the service sent none: keep the last known. */
  statistics?: RunnerScaleSetStatistics;
  available: JobAvailable[];
  assigned: JobAssigned[];
  started: JobStarted[];
  completed: JobCompleted[];
  /**
   * What of it made no sense, in words: its type, its body, elements of its body. It is left out, as the numbers that
   * count are those of the statistics.
   */
  problems: string[];
}

interface GetMessageOptions extends CallOptions {
  /** Of the last message received; 0 or absent: from the first unacknowledged one. */
  lastMessageId?: number | undefined;
  /** Runners that the scale set may have: jobs beyond it are not assigned. */
  maxCapacity: number;
}

/**
 * A scale set's message session: the one listener it may have. A queue token that the service refuses is refreshed
 * once per call. All methods throw GitHubError: `token-expired` when the refreshed token is refused as well,
 * `session-expired` when the session is not there, which any 404 and 410 says of it, whoever sends it.
 */
export interface MessageSession {
  /** Id, owner, statistics at the start or last refresh, and secrets (queue URL and token) for memory only. */
  state(): SessionState;
  /** The next message, or `undefined` when none came while the service held the call, about 50 s. */
  getMessage(options: GetMessageOptions): Promise<ScaleSetMessage | undefined>;
  /** Acknowledges a message: it is not delivered again. */
  deleteMessage(messageId: number, options?: CallOptions): Promise<void>;
  /** Asks for available jobs by their request ids; returns those that it really got. */
  acquireJobs(requestIds: readonly Int64[], options?: CallOptions): Promise<Int64[]>;
  /** A new queue token, and statistics (protocol: refresh session). */
  refresh(options?: CallOptions): Promise<SessionState>;
  /** Ends the session; one that is gone counts as ended. */
  close(options?: CallOptions): Promise<void>;
}

/** For which scale set a session is opened, and by whom. */
export interface NewMessageSession extends CallOptions {
  scaleSetId: number;
  /** Shown to others as the owner of the session. */
  owner: string;
}

/** How long a poll may take: the service holds it for about 50 s. */
const POLL_MS = 75_000;

const ZERO_UUID = '00000000-0000-0000-0000-000000000000';

/**
 * Opens a message session (protocol: create session).
 *
 * @throws GitHubError `session-conflict` while another session is live, `gone` when the scale set is not there
 */
export async function createMessageSession(
  { transport }: Pick<ScaleSetClient, 'transport'>,
  { scaleSetId, owner, signal }: NewMessageSession,
): Promise<MessageSession> {
  const state = await transport.call({
    operation: 'create-session',
    method: 'POST',
    path: scaleSetPath(scaleSetId, 'sessions'),
    body: { sessionId: ZERO_UUID, ownerName: owner },
    ok: 200,
    decode: decodeSession,
    scaleSetId,
    signal,
  });
  return sessionOver({ transport, scaleSetId, state });
}

/** A session that was opened earlier, perhaps elsewhere. */
export interface KnownMessageSession extends CallOptions {
  scaleSetId: number;
  sessionId: string;
}

/**
 * Goes on with a session of which only the id is known, by refreshing it: its queue token need not be kept anywhere.
 *
 * @throws GitHubError `session-expired` when it is gone
 */
export async function resumeMessageSession(
  { transport }: Pick<ScaleSetClient, 'transport'>,
  { scaleSetId, sessionId, signal }: KnownMessageSession,
): Promise<MessageSession> {
  const state = { sessionId, ownerName: '', messageQueueUrl: '', messageQueueAccessToken: '' };
  const session: Session = { transport, scaleSetId, state };
  await ofSession(() => refresh(session, { signal }));
  return sessionOver(session);
}

/** Ends a session of which only the id is known; one that is gone counts as ended. */
export function closeMessageSession(
  { transport }: Pick<ScaleSetClient, 'transport'>,
  { scaleSetId, sessionId, signal }: KnownMessageSession,
): Promise<void> {
  const state = { sessionId, ownerName: '', messageQueueUrl: '', messageQueueAccessToken: '' };
  return close({ transport, scaleSetId, state }, { signal });
}

const sessionOver = (session: Session): MessageSession => ({
  state: () => session.state,
  getMessage: (options) => withToken(session, options, () => getMessage(session, options)),
  deleteMessage: (messageId, options = {}) =>
    withToken(session, options, () => deleteMessage(session, messageId, options)),
  acquireJobs: (requestIds, options = {}) =>
    withToken(session, options, () => acquireJobs(session, requestIds, options)),
  refresh: (options = {}) => ofSession(() => refresh(session, options)),
  close: (options = {}) => close(session, options),
});

/** A 404 or 410 about a session means another session, never that the scale set is gone: that is asked by itself. */
async function ofSession<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof GitHubError) || (error.status !== 404 && error.status !== 410)) throw error;
    throw withDecision(error, 'session-expired');
  }
}

interface Session {
  transport: ScaleSetTransport;
  scaleSetId: number;
  state: SessionState;
  refreshing?: Promise<SessionState> | undefined;
}

/** Parallel calls that meet the same refused token share one refresh. */
const withToken = <T>(session: Session, { signal }: CallOptions, call: () => Promise<T>): Promise<T> =>
  ofSession(async () => {
    const { messageQueueAccessToken: used } = session.state;
    try {
      return await call();
    } catch (error) {
      if (!isDecision(error, 'token-expired')) throw error;
      if (session.state.messageQueueAccessToken === used) {
        session.refreshing ??= refresh(session, {}).finally(() => (session.refreshing = undefined));
        await unlessAborted(session.refreshing, signal);
      }
      return call();
    }
  });

async function refresh(session: Session, { signal }: CallOptions): Promise<SessionState> {
  const { transport, scaleSetId, state } = session;
  const path = scaleSetPath(scaleSetId, 'sessions', state.sessionId);
  const fresh = await transport.call({
    operation: 'refresh-session',
    method: 'PATCH',
    path,
    ok: 200,
    decode: decodeSession,
    scaleSetId,
    signal,
  });
  session.state = { ...fresh, messageQueueUrl: fresh.messageQueueUrl || state.messageQueueUrl };
  return session.state;
}

async function close({ transport, scaleSetId, state }: Session, { signal }: CallOptions): Promise<void> {
  const path = scaleSetPath(scaleSetId, 'sessions', state.sessionId);
  const deletion: ActionsCall<void> = {
    ...{ operation: 'delete-session', method: 'DELETE', path, ok: 204, decode: decodeNothing },
    ...{ scaleSetId, signal },
  };
  try {
    await ofSession(() => transport.call(deletion));
  } catch (error) {
    if (!isDecision(error, 'session-expired')) throw error;
  }
}

async function getMessage(
  session: Session,
  { lastMessageId = 0, maxCapacity, signal }: GetMessageOptions,
): Promise<ScaleSetMessage | undefined> {
  const url = queueUrl(session);
  if (lastMessageId > 0) url.searchParams.set('lastMessageId', String(lastMessageId));
  const request = queueRequest(session, {
    ...{ operation: 'get-message', method: 'GET', url, ok: [200, 202], timeoutMs: POLL_MS, signal },
    headers: {
      accept: 'application/json; api-version=6.0-preview',
      'x-scalesetmaxcapacity': String(Math.max(0, Math.trunc(maxCapacity))),
    },
  });
  const answer = await session.transport.request(request);
  return answer.status === 202
    ? undefined
    : decodeAnswer(request, answer, (value) => jobsOf(decodeMessage(value)));
}

async function deleteMessage(session: Session, messageId: number, { signal }: CallOptions): Promise<void> {
  const url = queueUrl(session);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${messageId}`;
  const headers = { 'content-type': 'application/json' };
  await session.transport.request(
    queueRequest(session, { operation: 'delete-message', method: 'DELETE', url, ok: [204], headers, signal }),
  );
}

function acquireJobs(
  session: Session,
  requestIds: readonly Int64[],
  { signal }: CallOptions,
): Promise<Int64[]> {
  const { transport, scaleSetId, state } = session;
  return transport.call({
    operation: 'acquire-jobs',
    method: 'POST',
    path: scaleSetPath(scaleSetId, 'acquirejobs'),
    body: requestIds.map(int64Json),
    ok: 200,
    decode: decodeAcquired,
    scaleSetId,
    token: state.messageQueueAccessToken,
    signal,
  });
}

const queueRequest = (
  { transport, scaleSetId, state }: Session,
  request: Omit<GitHubRequest, 'service'>,
): GitHubRequest => ({
  ...request,
  service: 'queue',
  headers: {
    ...request.headers,
    authorization: `Bearer ${state.messageQueueAccessToken}`,
    'user-agent': transport.userAgent(scaleSetId),
  },
});

/** An empty queue URL was seen during outages. */
function queueUrl({ state }: Session): URL {
  const url = URL.parse(state.messageQueueUrl);
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new GitHubError({
    decision: 'retry',
    message: 'GitHub gave the message session no usable queue URL',
  });
}

const MESSAGE_TYPE = 'RunnerScaleSetJobMessages';

/**
 * What can be used of a message. It must not hold up the queue, where it would come again with each poll: whatever makes
 * no sense is left out, and said.
 */
function jobsOf(message: QueueMessage): ScaleSetMessage {
  const { messageId, statistics } = message;
  const problems = [...message.problems];
  const jobs = elementsOf(message, problems).flatMap((element) => decodeOrSkip(element, problems) ?? []);
  const ofType = (type: string): JobCompleted[] => jobs.filter((job) => job.messageType === type);
  return {
    messageId,
    ...(statistics && { statistics }),
    available: ofType('JobAvailable'),
    assigned: ofType('JobAssigned'),
    started: ofType('JobStarted'),
    completed: ofType('JobCompleted'),
    problems: [...new Set(problems)],
  };
}

function elementsOf({ messageType, body }: QueueMessage, problems: string[]): unknown[] {
  if (messageType !== MESSAGE_TYPE) {
    problems.push(`it is of the unknown type ${messageType || '""'}`);
    return [];
  }
  const elements = body === '' ? [] : listIn(body);
  if (elements) return elements;
  problems.push('its body is no list in JSON');
  return [];
}

/** Some proxies unpack the text of the list. */
function listIn(body: unknown): unknown[] | undefined {
  if (typeof body !== 'string') return Array.isArray(body) ? body : undefined;
  try {
    const value = parseJson(body);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function decodeOrSkip(element: unknown, problems: string[]): JobCompleted | undefined {
  try {
    return decodeJob(element);
  } catch (error) {
    problems.push(
      `one of its jobs makes no sense (${error instanceof Error ? error.message : 'unreadable'})`,
    );
    return undefined;
  }
}
