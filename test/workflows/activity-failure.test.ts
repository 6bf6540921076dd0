import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/workflow';
import { stopFrom } from '../../src/workflows/activity-failure.ts';

const asActivity = (cause?: Error): ActivityFailure =>
  new ActivityFailure(
    'Activity task failed',
    'createRunners',
    '1',
    'MAXIMUM_ATTEMPTS_REACHED',
    undefined,
    cause,
  );
const application = (type?: string): ApplicationFailure => new ApplicationFailure('no Secret "s"', type);
const timeout = new TimeoutFailure('activity timed out', undefined, 'HEARTBEAT');
const workerLost = { reason: 'WorkerLost', message: 'No worker reported back in time.' };

test.each<[string, unknown, { reason: string; message: string }]>([
  [
    'the reason that the activity gave',
    asActivity(application('SecretNotFound')),
    { reason: 'SecretNotFound', message: 'no Secret "s"' },
  ],
  [
    'the same, of the failure itself',
    application('SecretNotFound'),
    { reason: 'SecretNotFound', message: 'no Secret "s"' },
  ],
  ['no reason was given', asActivity(application()), { reason: 'ActivityFailed', message: 'no Secret "s"' }],
  ['no worker reported back', asActivity(timeout), workerLost],
  ['the same, of the failure itself', timeout, workerLost],
  [
    'another failure of Temporal',
    asActivity(new CancelledFailure('cancelled')),
    { reason: 'ActivityFailed', message: 'cancelled' },
  ],
  ['an error of our own', new TypeError('undefined'), { reason: 'ActivityFailed', message: 'undefined' }],
  ['no error at all', 'a text', { reason: 'ActivityFailed', message: 'a text' }],
])('why an activity failed: %s', (_what, error, stop) => {
  expect(stopFrom(error)).toEqual(stop);
});

test('only the last failure counts, whatever caused it', () => {
  const cause = ApplicationFailure.create({
    message: 'outer',
    type: 'GitHubRefused',
    cause: application('Inner'),
  });
  expect(stopFrom(asActivity(cause))).toEqual({ reason: 'GitHubRefused', message: 'outer' });
});
