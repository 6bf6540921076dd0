import { unlessAborted } from './transport/abort.ts';
import { decodeAnswer, decodeNothing } from './actions-service.ts';
import { GitHubError, isDecision } from './errors.ts';
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
  /** Elements that made no sense. They are left out, as the numbers that count are those of the statistics. */
  skipped: number;
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
 * `session-expired` when the session is gone.
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
  await refresh(session, { signal });
  return sessionOver(session);
}

const sessionOver = (session: Session): MessageSession => ({
  state: () => session.state,
  getMessage: (options) => withToken(session, options, () => getMessage(session, options)),
  deleteMessage: (messageId, options = {}) =>
    withToken(session, options, () => deleteMessage(session, messageId, options)),
  acquireJobs: (requestIds, options = {}) =>
    withToken(session, options, () => acquireJobs(session, requestIds, options)),
  refresh: (options = {}) => refresh(session, options),
  close: (options = {}) => close(session, options),
});

interface Session {
  transport: ScaleSetTransport;
  scaleSetId: number;
  state: SessionState;
  refreshing?: Promise<SessionState> | undefined;
}

/** Parallel calls that meet the same refused token share one refresh. */
async function withToken<T>(session: Session, { signal }: CallOptions, call: () => Promise<T>): Promise<T> {
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
}

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
  try {
    await transport.call({
      operation: 'delete-session',
      method: 'DELETE',
      path,
      ok: 204,
      decode: decodeNothing,
      scaleSetId,
      signal,
    });
  } catch (error) {
    if (!isDecision(error, 'session-expired') && !isDecision(error, 'gone')) throw error;
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

/** @throws TypeError for another type of message, or a body that is no list */
function jobsOf({ messageId, messageType, body, statistics }: QueueMessage): ScaleSetMessage {
  if (messageType !== MESSAGE_TYPE)
    throw new TypeError(`message ${messageId} is of the unknown type ${messageType}`);
  const elements: unknown = body === '' ? [] : parseJson(body);
  if (!Array.isArray(elements)) throw new TypeError(`the body of message ${messageId} is no list`);
  const jobs = elements.flatMap((element) => decodeOrSkip(element) ?? []);
  const ofType = (type: string): JobCompleted[] => jobs.filter((job) => job.messageType === type);
  return {
    messageId,
    ...(statistics && { statistics }),
    available: ofType('JobAvailable'),
    assigned: ofType('JobAssigned'),
    started: ofType('JobStarted'),
    completed: ofType('JobCompleted'),
    skipped: elements.length - jobs.length,
  };
}

/** One bad element must not hold up the queue: it would come again with each poll. */
function decodeOrSkip(element: unknown): JobCompleted | undefined {
  try {
    return decodeJob(element);
  } catch {
    return undefined;
  }
}
