import { runOf } from '../../../dev/fuzz/histories.ts';

const time = (seconds: number) => ({ seconds, nanos: 500_000_000 }) as never;

it('takes from a history what the properties are about', () => {
  const events = [
    { eventTime: time(1), workflowTaskScheduledEventAttributes: { attempt: 3 } },
    {
      eventTime: time(2),
      workflowTaskFailedEventAttributes: { cause: 24, failure: { message: 'no such command' } },
    },
    {
      eventTime: time(3),
      workflowTaskFailedEventAttributes: { cause: 1, failure: { message: 'UnhandledCommand' } },
    },
    { eventTime: time(4), timerStartedEventAttributes: { startToFireTimeout: time(5) } },
    { eventTime: time(5), activityTaskScheduledEventAttributes: { activityType: { name: 'createRunners' } } },
  ];
  expect(runOf(events, { runId: 'r', status: 'RUNNING' })).toEqual({
    runId: 'r',
    status: 'RUNNING',
    tasks: [{ at: 1_500, attempt: 3 }],
    failures: [{ at: 2_500, cause: 'cause 24: no such command' }],
    timers: [{ at: 4_500, ms: 5_000 }],
    activities: [{ at: 5_500, type: 'createRunners' }],
  });
});
