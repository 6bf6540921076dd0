import { exactly } from '../job.ts';
import type { ScaleSet } from '../model.ts';
import { statisticsOf, wireOf } from '../scale-sets.ts';
import type { Session } from '../sessions.ts';
import { newSession } from '../sessions.ts';
import type { World } from '../world.ts';
import type { AdminCall } from './actions-routes.ts';
import { adminRoute, withScaleSet } from './actions-routes.ts';
import type { Answer, Call, Route } from './answer.ts';
import { exception, noContent, ok } from './answer.ts';

/** Message sessions, their queue, and the acquiring of jobs. */
export function sessionRoutes(world: World, base: () => string): Route[] {
  const route = adminRoute(world);
  const show = (set: ScaleSet, session: Session): Answer =>
    ok(sessionView(world, { set, session, base: base() }));
  const one = /\/_apis\/runtime\/runnerscalesets\/(\d+)\/sessions\/([^/]+)$/;
  const withSession = (
    { params: [id, sessionId], configPath }: Pick<AdminCall, 'params' | 'configPath'>,
    handle: (set: ScaleSet, session: Session) => Answer,
  ) =>
    withScaleSet(world, { id, configPath }, (set) => {
      const { session } = set;
      return session && session.id === sessionId ? handle(set, session) : noSession(sessionId ?? '');
    });
  return [
    route('POST', 'createsession', [
      /\/_apis\/runtime\/runnerscalesets\/(\d+)\/sessions$/,
      ({ params: [id], body, configPath }) =>
        withScaleSet(world, { id, configPath }, (set) => {
          if (set.session && isLive(set.session, world)) return conflict(set.session);
          set.session = newSession(String(body['ownerName']), world.clock.now());
          return show(set, set.session);
        }),
    ]),
    route('PATCH', 'refreshsession', [
      one,
      (call) =>
        withSession(call, (set, session) => {
          Object.assign(session, { ...newSession(session.owner, world.clock.now()), id: session.id });
          return show(set, session);
        }),
    ]),
    route('DELETE', 'deletesession', [
      one,
      (call) =>
        withSession(call, (set) => {
          endSession(set);
          return noContent;
        }),
    ]),
    ...queueRoutes(world),
  ];
}

/** Without a listener, nothing more is assigned. */
export function endSession(set: ScaleSet): void {
  set.session = undefined;
  set.capacity = 0;
  set.queue.wake();
}

const isLive = ({ seenAt }: Session, { options, clock }: World): boolean =>
  options.sessionIdleMs === 0 || clock.now() - seenAt < options.sessionIdleMs;

const conflict = ({ owner }: Session): Answer =>
  exception(
    409,
    'Actions.Runtime.WebApi.RunnerScaleSetSessionConflictException',
    `The runner scale set already has an active session for owner ${owner}`,
  );

const noSession = (id: string): Answer =>
  exception(400, 'Actions.Runtime.WebApi.RunnerScaleSetSessionExpiredException', `No session ${id}`);

interface SessionParts {
  set: ScaleSet;
  session: Session;
  base: string;
}

/** The queue's URL has a query of its own, which clients must keep. */
const sessionView = ({ scaleSets }: World, { set, session, base }: SessionParts): object => ({
  sessionId: session.id,
  ownerName: session.owner,
  runnerScaleSet: wireOf(set, scaleSets.groups),
  messageQueueUrl: `${base}/scalesets/message?scaleSetId=${set.id}&sessionId=${session.id}`,
  messageQueueAccessToken: session.token,
  statistics: statisticsOf(set),
});

const tokenExpired: Answer = exception(401, 'MessageQueueTokenExpiredException', 'The token has expired');

function queueRoutes(world: World): Route[] {
  const withQueue = (call: Call, handle: (set: ScaleSet) => Answer | Promise<Answer>) => {
    const set = world.scaleSets.get(Number(call.query.get('scaleSetId')));
    return set && hasToken(set, call) && set.session?.id === call.query.get('sessionId')
      ? handle(set)
      : tokenExpired;
  };
  return [
    {
      method: 'GET',
      path: /\/scalesets\/message$/,
      name: 'getmessage',
      handle: (call) => withQueue(call, (set) => poll(world, set, call)),
    },
    {
      method: 'DELETE',
      path: /\/scalesets\/message\/(\d+)$/,
      name: 'deletemessage',
      handle: (call) =>
        withQueue(call, (set) => {
          set.queue.acknowledge(Number(call.params[0]));
          return noContent;
        }),
    },
    {
      method: 'POST',
      path: /\/_apis\/runtime\/runnerscalesets\/(\d+)\/acquirejobs$/,
      name: 'acquirejobs',
      handle: (call) =>
        withScaleSet(world, { id: call.params[0] }, (set) =>
          hasToken(set, call) ? acquire(world, set, call.text) : tokenExpired,
        ),
    },
  ];
}

const hasToken = ({ session }: ScaleSet, { headers }: Call): boolean =>
  session !== undefined && !session.isTokenExpired && headers.authorization === `Bearer ${session.token}`;

/** How often a held poll shows that its session is alive. */
const SIGN_OF_LIFE_MS = 1_000;

async function poll(
  { jobs, options, clock }: World,
  set: ScaleSet,
  { headers, query, gone }: Call,
): Promise<Answer> {
  const capacity = Number(headers['x-scalesetmaxcapacity']);
  if (!Number.isInteger(capacity) || capacity < 0)
    return exception(400, 'ArgumentException', 'Capacity is missing');
  set.capacity = capacity;
  jobs.pump(set);
  const after = Number(query.get('lastMessageId') ?? 0);
  const { session, queue } = set;
  const until = clock.now() + options.pollMs;
  for (;;) {
    const message = queue.peek(after);
    if (message) return ok(messageView(set, message));
    if (session) session.seenAt = clock.now();
    const left = until - clock.now();
    if (left <= 0 || gone.aborted) return { status: 202 };
    await queue.wait(Math.min(left, SIGN_OF_LIFE_MS), gone);
    if (!session || set.session !== session || session.isTokenExpired) return tokenExpired;
  }
}

const messageView = (set: ScaleSet, { id, elements }: { id: number; elements: object[] }): object => ({
  messageId: id,
  messageType: 'RunnerScaleSetJobMessages',
  body: elements.length === 0 ? '' : JSON.stringify(elements),
  statistics: statisticsOf(set),
});

/** Ids are read from the text: they may exceed 2^53. */
function acquire({ jobs }: World, set: ScaleSet, text: string): Answer {
  const ids = (text.match(/-?\d+/g) ?? []).map(BigInt);
  const value = jobs.acquire(set, ids).map(exactly);
  return ok({ count: value.length, value });
}
