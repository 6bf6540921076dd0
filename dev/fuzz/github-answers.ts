import type { CallName, Fault, FaultKind } from '../github/protocol.ts';
import type { Draw } from './draw.ts';

const CALLS: readonly CallName[] = [
  ...([
    'registrationtoken',
    'runnerregistration',
    'getrunnergroup',
    'getscalesetbyname',
    'getscaleset',
  ] as const),
  ...(['createscaleset', 'updatescaleset', 'deletescaleset', 'generatejitconfig', 'getrunner'] as const),
  ...(['getrunnerbyname', 'removerunner', 'createsession', 'refreshsession', 'deletesession'] as const),
  ...(['acquirejobs', 'getmessage', 'deletemessage'] as const),
];

const SESSION_CALLS: readonly CallName[] = ['refreshsession', 'getmessage', 'acquirejobs', 'deletemessage'];

const EXCEPTIONS = [
  ...['AgentNotFoundException', 'AgentExistsException', 'JobStillRunningException', 'RunnerAdminException'],
  ...['RunnerScaleSetNotFoundException', 'RunnerScaleSetExistsException', 'NobodyKnowsException', ''],
  ...['RunnerScaleSetSessionConflictException', 'TaskAgentSessionExpiredException'],
  'GitHub.Actions.Runtime.WebApi.RunnerScaleSetNotFoundException, GitHub.Actions.Runtime.WebApi',
] as const;

const STATUSES = [
  ...[200, 201, 202, 204, 301, 304, 400, 401, 402, 403, 404, 405, 409, 410, 412, 413, 418, 422, 426, 429],
  ...[451, 500, 501, 502, 503, 504, 520, 599],
] as const;

/** Refusals that promise nothing: what was asked for has not happened, and may be asked for again. */
const HONEST_STATUSES = [400, 401, 403, 422, 429, 500, 502, 503, 504, 520] as const;

const MEMBERS = [
  ...[
    'id',
    'name',
    'count',
    'value',
    'url',
    'token',
    'statistics',
    'body',
    'messageId',
    'messageType',
    'runner',
  ],
  ...[
    'encodedJITConfig',
    'runnerScaleSetId',
    'totalAssignedJobs',
    'runnerRequestId',
    'runnerName',
    'runnerId',
  ],
  ...['jobId', 'result', 'sessionId', 'messageQueueUrl', 'messageQueueAccessToken', 'expires_at', 'labels'],
] as const;

/** Answers that are broken in form: whoever gets one knows that it knows nothing. */
const BROKEN: readonly FaultKind[] = ['html', 'truncated', 'huge', 'reset', 'lost-answer', 'drip', 'timeout'];

/** Answers of another form that say the same. */
const SAME: readonly FaultKind[] = ['bom', 'gzip', 'slow', 'foreign'];

/** Answers that hold for a while are over after so many milliseconds at most. */
const LONGEST_MS = 4_000;

/**
 * An answer that no client can be asked to believe, or that it must see through: broken, refused, late, lost, in another
 * order. It never says that something is done or gone that is not, as no client can know better.
 */
export function drawHonestAnswer(draw: Draw): Fault {
  return { ...bounds(draw), ...draw.pick([refused, refused, broken, same, reordered, unknownSession])(draw) };
}

/** Any answer, lies included. */
export function drawAnyAnswer(draw: Draw): Fault {
  return { ...bounds(draw), ...draw.pick([refused, any, any, any, broken, same, missing, members])(draw) };
}

type Answer = Pick<Fault, 'match' | 'kind'> & Partial<Fault>;

const matched = (draw: Draw): Pick<Fault, 'match'> => ({ match: draw.chance(0.15) ? '*' : draw.pick(CALLS) });

const refused = (draw: Draw): Answer => ({
  ...matched(draw),
  kind: draw.pick(['status', 'status', 'text']),
  status: draw.pick(HONEST_STATUSES),
  typeName: draw.pick(['NobodyKnowsException', '', 'RunnerAdminException']),
  ...(draw.chance(0.2) && { retryAfter: draw.pick([0, 1, 2]) }),
});

const any = (draw: Draw): Answer => ({
  ...matched(draw),
  kind: draw.pick(['status', 'text', 'empty', 'html', 'wrong-types', 'redirect-loop']),
  status: draw.pick(STATUSES),
  typeName: draw.pick(EXCEPTIONS),
  ...(draw.chance(0.2) && { retryAfter: draw.pick([-1, 0, 1, 3, 1e9]) }),
});

const broken = (draw: Draw): Answer => ({ ...matched(draw), kind: draw.pick(BROKEN), status: 500 });

const same = (draw: Draw): Answer => ({
  ...matched(draw),
  kind: draw.pick(SAME),
  latencyMs: draw.between(500, 3_000),
});

const reordered = (): Answer => ({ match: 'getmessage', kind: 'reordered' });

/** What GitHub answered for two weeks, every fifty minutes. */
const unknownSession = (draw: Draw): Answer => ({
  match: draw.pick(SESSION_CALLS),
  kind: 'status',
  status: draw.pick([404, 410]),
  typeName: 'RunnerAdminException',
  message: 'The session does not exist in redis.',
});

const missing = (draw: Draw): Answer => ({
  ...matched(draw),
  kind: 'missing',
  json: draw.list(draw.between(1, 3), () => draw.pick(MEMBERS)),
});

const members = (draw: Draw): Answer => ({
  ...matched(draw),
  kind: 'members',
  json: Object.fromEntries(
    draw.list(draw.between(1, 2), () => [
      draw.pick(MEMBERS),
      draw.pick([null, '', -1, 0, [], {}, 'x', 1e15]),
    ]),
  ),
});

/** A few calls, or some of those in the next seconds. What never ends hits few: each holds its caller for long. */
const bounds = (draw: Draw): Partial<Fault> =>
  draw.chance(0.5)
    ? { times: draw.between(1, 4) }
    : {
        forMs: draw.between(500, LONGEST_MS),
        probability: draw.pick([0.3, 0.6, 1]),
        seed: draw.between(1, 1_000_000),
      };
