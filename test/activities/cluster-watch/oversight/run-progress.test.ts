import { progressOf } from '../../../../src/activities/cluster-watch/oversight/run-progress.ts';

const COMPLETED = 7;
const TIMED_OUT = 8;
const FAILED = 9;
const SIGNALED = 26;

/** @param events types of the history's last events, the latest first */
const temporal = (
  { status = 'RUNNING', attempt }: { status?: string; attempt?: number },
  events: number[] = [],
) =>
  ({
    options: { namespace: 'n' },
    getHandle: () => ({
      describe: () =>
        Promise.resolve({
          ...{ runId: 'r1', status: { name: status } },
          raw: { pendingWorkflowTask: attempt === undefined ? null : { attempt } },
        }),
    }),
    workflowService: {
      getWorkflowExecutionHistoryReverse: () =>
        Promise.resolve({
          history: { events: events.map((eventType, i) => ({ eventType, eventId: 100 - i })) },
        }),
    },
  }) as never;

test.each([
  ['nothing to do', temporal({}), { hasTask: false, completedAt: 0, failures: 0 }],
  ['over', temporal({ status: 'COMPLETED', attempt: 3 }), { hasTask: false, completedAt: 0, failures: 0 }],
  ['at work', temporal({ attempt: 1 }, [5, COMPLETED]), { hasTask: true, completedAt: 99, failures: 0 }],
  [
    'tried again and again; the history shows the first time only',
    temporal({ attempt: 6 }, [FAILED, 6, 5, COMPLETED]),
    { hasTask: true, completedAt: 97, failures: 5 },
  ],
  [
    'signalled again and again: each time the count of tries begins anew, and the history shows each',
    temporal({ attempt: 1 }, [SIGNALED, TIMED_OUT, SIGNALED, FAILED, SIGNALED, FAILED, COMPLETED, FAILED]),
    { hasTask: true, completedAt: 94, failures: 3 },
  ],
  [
    'the last good one is long ago',
    temporal({ attempt: 1 }, [SIGNALED, FAILED, SIGNALED, FAILED]),
    { hasTask: true, completedAt: 0, failures: 2 },
  ],
])('%s', async (_what, workflows, expected) => {
  expect(await progressOf(workflows, 'w')).toEqual({ runId: 'r1', ...expected });
});
