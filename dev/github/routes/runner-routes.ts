import type { Runner } from '../model.ts';
import { jobFor } from '../runners.ts';
import type { World } from '../world.ts';
import type { Answer, Call, Route } from './answer.ts';
import { noContent, ok, refusal } from './answer.ts';

/** What a stand-in runner speaks: it connects with its JIT config, waits for its one job, and reports its end. */
export function standInRunnerRoutes(world: World): Route[] {
  const { runners, jobs } = world;
  const withRunner = (call: Call, handle: (runner: Runner) => Answer | Promise<Answer>) => {
    const runner = runners.connected(call.params[0] ?? '');
    return runner ? handle(runner) : removed;
  };
  return [
    { method: 'POST', path: /^\/standin\/runners\/connect$/, handle: ({ body }) => connect(world, body) },
    {
      method: 'GET',
      path: /^\/standin\/runners\/([^/]+)\/job$/,
      handle: (call) => withRunner(call, (runner) => waitForJob(world, runner, call)),
    },
    {
      method: 'POST',
      path: /^\/standin\/runners\/([^/]+)\/renew$/,
      handle: (call) =>
        withRunner(call, (runner) => {
          jobs.renew(runner);
          return noContent;
        }),
    },
    {
      method: 'POST',
      path: /^\/standin\/runners\/([^/]+)\/complete$/,
      handle: (call) =>
        withRunner(call, (runner) => {
          if (!runner.job) return refusal(409, 'The runner has no job');
          const result = call.body['result'];
          jobs.finish(runner, typeof result === 'string' ? result : runner.job.wantedResult);
          return noContent;
        }),
    },
    {
      method: 'POST',
      path: /^\/standin\/runners\/([^/]+)\/disconnect$/,
      handle: (call) =>
        withRunner(call, (runner) => {
          jobs.offline(runner);
          return noContent;
        }),
    },
  ];
}

const removed: Answer = refusal(410, 'The runner is not registered (any more)');

function connect({ runners, jobs, violations }: World, { jitConfig }: Record<string, unknown>): Answer {
  const result = runners.connect(typeof jitConfig === 'string' ? jitConfig : '');
  if ('refused' in result) {
    if (result.violation !== undefined) violations.push(result.violation);
    return refusal(result.refused, result.violation ?? 'The JIT config is not (or no longer) known');
  }
  const { runner } = result;
  jobs.online(runner);
  return ok({ connectionId: runner.connectionId, runnerId: runner.id, runnerName: runner.name });
}

/** A runner is online while it polls or has a job; one that stops polling goes offline after a while. */
async function waitForJob(
  { jobs, runners, options, clock }: World,
  runner: Runner,
  { query, gone }: Call,
): Promise<Answer> {
  jobs.online(runner);
  const waitMs = Number(query.get('wait') ?? 30_000);
  if (!runner.job) await woken(runner, waitMs, gone);
  if (runner.job && !gone.aborted) return ok(jobFor(runner.job));
  if (runners.get(runner.id) !== runner) return removed;
  runner.timer = clock.after(options.offlineMs, () => jobs.offline(runner));
  return noContent;
}

function woken(runner: Runner, ms: number, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      gone.removeEventListener('abort', done);
      delete runner.wake;
      resolve();
    };
    const timer = setTimeout(done, ms);
    runner.wake = done;
    gone.addEventListener('abort', done);
    if (gone.aborted) done();
  });
}
