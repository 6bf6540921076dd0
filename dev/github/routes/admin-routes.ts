import { AdminError } from '../admin.ts';
import type { Admin } from '../admin.ts';
import { noContent, ok, refusal } from './answer.ts';
import type { Answer, Call, Route } from './answer.ts';
import type { Fault, NewScaleSet, QueueJobs } from '../protocol.ts';

/** The administration over HTTP. */
export const adminRoutes = (admin: Admin): Route[] => [
  ...worldRoutes(admin),
  at('GET', '/faults', () => ok(admin.faults())),
  at('POST', '/faults', ({ text }) => {
    const faults = JSON.parse(text) as Fault | Fault[];
    admin.addFault(...(Array.isArray(faults) ? faults : [faults]));
    return noContent;
  }),
  at('DELETE', '/faults', () => done(() => admin.clearFaults())),
  at('GET', '/latency', () => ok(admin.setLatency({}))),
  at('POST', '/latency', ({ body }) => ok(admin.setLatency(body))),
  at('GET', '/calls', () => ok(admin.calls())),
  at('DELETE', '/calls', () => done(() => admin.clearCalls())),
  at('GET', '/stats', () => ok(admin.stats())),
  at('DELETE', '/stats', () => done(() => admin.clearStats())),
  at('GET', '/clock', () => ok(admin.clock())),
  at('POST', '/clock', ({ body: { advanceMs, wallAheadMs } }) => {
    if (wallAheadMs === undefined) return ok(admin.advanceClock(Number(advanceMs)));
    return ok(admin.setWallClock(Number(wallAheadMs)));
  }),
  at('POST', '/credentials', ({ body }) => done(() => admin.setCredentials(body))),
];

const worldRoutes = (admin: Admin): Route[] => [
  at('GET', '/scale-sets', () => ok(admin.scaleSets())),
  at('POST', '/scale-sets', ({ body }) => ok(admin.createScaleSet(body as unknown as NewScaleSet), 201)),
  at('POST', '/runner-groups/rename', ({ body }) =>
    done(() => admin.renameRunnerGroup(String(body['name']), String(body['to']))),
  ),
  at('GET', '/runners', ({ query }) => {
    const id = query.get('scaleSetId');
    return ok(admin.runners(id === null ? undefined : Number(id)));
  }),
  at('GET', '/jobs', () => ok(admin.jobs())),
  at('POST', '/jobs', ({ body }) => ok(admin.queueJobs(body as unknown as QueueJobs), 201)),
  at('POST', '/jobs/assign', ({ body }) => ok(admin.assignJob(String(body['runnerName'])))),
  at('POST', '/jobs/finish', ({ body }) => {
    const { runnerName, result } = body;
    return done(() => admin.finishJob(String(runnerName), typeof result === 'string' ? result : undefined));
  }),
  at('POST', '/sessions/expire', ({ body }) => {
    const what = body['what'] === 'session' ? 'session' : 'token';
    return done(() => admin.expire(Number(body['scaleSetId']), what));
  }),
];

function at(method: Route['method'], path: string, handle: (call: Call) => Answer): Route {
  return {
    method,
    path: new RegExp(`^/standin${path}$`),
    handle: (call) => {
      try {
        return handle(call);
      } catch (error) {
        if (error instanceof AdminError) return refusal(404, error.message);
        throw error;
      }
    },
  };
}

/** For actions whose result is nothing. */
function done(act: () => void): Answer {
  act();
  return noContent;
}
