import * as real from '@temporalio/workflow';

/**
 * A workflow without a server: what src/workflows uses of `@temporalio/workflow`, noted, and steered by the test. Errors
 * and message definitions are the real ones. Hand `workflowModule` to `jest.unstable_mockModule` before the subject is
 * imported.
 */

export interface Scheduled {
  activity: string;
  input: unknown;
  options: Partial<real.ActivityOptions>;
  resolve: (result?: unknown) => void;
  reject: (error: Error) => void;
}

export interface Timer {
  ms: number;
  summary: string | undefined;
  ring: () => void;
  cancelled: boolean;
}

interface Definition {
  type: string;
  name: string;
}

export type Handler = (...args: never[]) => unknown;

/** Everything that has happened since `forget`. */
export const noted = {
  scheduled: [] as Scheduled[],
  timers: [] as Timer[],
  sinkCalls: [] as unknown[][],
  warnings: [] as unknown[][],
  /** Values of search attributes, in the order in which they were set. */
  attributes: [] as unknown[],
  /** First pages, as they were shown. */
  details: [] as string[],
  /** By "signal pause". */
  handlers: new Map<string, Handler>(),
  /** Of updates, likewise. */
  validators: new Map<string, Handler>(),
};

export function forget(): void {
  const { handlers, validators, ...lists } = noted;
  handlers.clear();
  validators.clear();
  for (const list of Object.values(lists)) list.length = 0;
  waiting.length = 0;
  Object.assign(workflow, {
    continueAsNewSuggested: false,
    historyLength: 3,
    historySize: 4_096,
    allHandlersFinished: true,
  });
}

/** What the workflow is told of itself. */
export const workflow = {
  workflowId: 'kind/autoscalinglistener/team/demo',
  continueAsNewSuggested: false,
  historyLength: 3,
  historySize: 4_096,
  /** No handler of a signal or an update is under way. */
  allHandlersFinished: true,
};

interface Waiting {
  until: () => boolean;
  goOn: () => void;
}

const waiting: Waiting[] = [];

/** Lets everything go on that needs not wait for an activity or a timer. */
export async function turn(): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    const due = waiting.filter(({ until }) => until());
    if (due.length === 0) return;
    for (const each of due) {
      waiting.splice(waiting.indexOf(each), 1);
      each.goOn();
    }
  }
}

/** How a run ends that is followed by another one; `input` is what that gets. */
export class ContinuedAsNew extends Error {
  readonly input: unknown;

  constructor(input: unknown) {
    super('continued as new');
    this.input = input;
  }
}

/** The last activity of this type. */
export function lastOf(activity: string): Scheduled {
  const found = noted.scheduled.findLast((each) => each.activity === activity);
  if (!found) throw new Error(`${activity} was not begun.`);
  return found;
}

/** What an activity comes to when it fails for good, as a workflow sees it. */
export const failureOf = (type: string, message = '', details?: unknown[]): real.ActivityFailure =>
  activityFailure(
    real.ApplicationFailure.create({ type, message, nonRetryable: true, ...(details && { details }) }),
  );

export const activityFailure = (cause: Error): real.ActivityFailure =>
  new real.ActivityFailure(
    'Activity task failed',
    'activity',
    '1',
    'MAXIMUM_ATTEMPTS_REACHED',
    undefined,
    cause,
  );

let current: CancellationScope | undefined;

class CancellationScope {
  consideredCancelled = false;
  private readonly ends: (() => void)[] = [];

  run<T>(work: () => Promise<T>): Promise<T> {
    return within(this, work);
  }

  onCancel(end: () => void): void {
    this.ends.push(end);
  }

  cancel(): void {
    this.consideredCancelled = true;
    for (const end of this.ends.splice(0)) end();
  }
}

/** What begins while `work` runs, until it first waits, ends with the scope. */
function within<T>(scope: CancellationScope, work: () => Promise<T>): Promise<T> {
  const before = current;
  current = scope;
  try {
    return work();
  } finally {
    current = before;
  }
}

const cancelled = (): Error => new real.CancelledFailure('cancelled');

function sleep(ms: number, options?: { summary?: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer: Timer = { ms, summary: options?.summary, ring: resolve, cancelled: false };
    noted.timers.push(timer);
    current?.onCancel(() => {
      timer.cancelled = true;
      reject(cancelled());
    });
  });
}

function begin(activity: string, options: Partial<real.ActivityOptions>, input: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    noted.scheduled.push({ activity, options, input, resolve, reject });
    current?.onCancel(() => {
      reject(activityFailure(cancelled()));
    });
  });
}

const proxyActivities = (defaults: real.ActivityOptions): unknown =>
  new Proxy(
    {},
    {
      get: (_target, activity: string) =>
        Object.assign((input: unknown) => begin(activity, defaults, input), {
          executeWithOptions: (options: real.ActivityOptions, [input]: unknown[]) =>
            begin(activity, options, input),
        }),
    },
  );

const proxySinks = (): unknown =>
  new Proxy(
    {},
    {
      get: (_target, sink: string) =>
        new Proxy(
          {},
          {
            get:
              (_sink, call: string) =>
              (...args: unknown[]) => {
                noted.sinkCalls.push([sink, call, ...args]);
              },
          },
        ),
    },
  );

export const workflowModule = () => ({
  ...real,
  CancellationScope,
  sleep,
  proxyActivities,
  proxySinks,
  setHandler: ({ type, name }: Definition, handler: Handler, options?: { validator?: Handler }) => {
    noted.handlers.set(`${type} ${name}`, handler);
    if (options?.validator) noted.validators.set(`${type} ${name}`, options.validator);
  },
  /** With a time, it answers whether what is waited for came first; the test rings the timer. */
  condition: (until: () => boolean, ms?: number): Promise<boolean> =>
    new Promise((goOn) => {
      if (until()) {
        goOn(true);
        return;
      }
      const wait: Waiting = {
        until,
        goOn: () => {
          goOn(true);
        },
      };
      waiting.push(wait);
      const ring = (): void => {
        waiting.splice(waiting.indexOf(wait), 1);
        goOn(false);
      };
      if (ms !== undefined) noted.timers.push({ ms, summary: undefined, ring, cancelled: false });
    }),
  allHandlersFinished: () => workflow.allHandlersFinished,
  continueAsNew: (input: unknown) => Promise.reject(new ContinuedAsNew(input)),
  setCurrentDetails: (text: string) => {
    noted.details.push(text);
  },
  upsertSearchAttributes: (pairs: { value: unknown }[]) => {
    noted.attributes.push(...pairs.map(({ value }) => value));
  },
  workflowInfo: () => workflow,
  log: { warn: (...args: unknown[]) => noted.warnings.push(args) },
});
