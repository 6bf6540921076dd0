import { jest } from '@jest/globals';
import { NOW } from '../ephemeral-runner-set/builders.ts';
import {
  ContinuedAsNew,
  forget,
  lastOf,
  noted,
  turn,
  workflow,
  workflowModule,
} from '../workflow-stand-in.ts';
import { observation, progress, seen } from './builders.ts';

jest.unstable_mockModule('@temporalio/workflow', workflowModule);
const { autoscalingListener } = await import('../../../src/workflows/autoscaling-listener/workflow.ts');

const input = { namespace: 'team', name: 'demo' };

async function send(signal: 'observe' | 'report', message: unknown): Promise<void> {
  noted.handlers.get(`signal ${signal}`)!(message as never);
  await turn();
}
const state = (): unknown => noted.handlers.get('query state')!();

async function end(activity: string, result?: unknown): Promise<void> {
  lastOf(activity).resolve(result);
  await turn();
}

beforeEach(() => {
  forget();
  jest.spyOn(Date, 'now').mockReturnValue(NOW);
});

test('listens, is told how it fares, closes, and ends with its resource', async () => {
  const run = autoscalingListener(input);
  await turn();
  expect(noted.scheduled).toEqual([]);
  await send('observe', observation(seen()));
  expect(lastOf('listen').input).toMatchObject(input);
  await send('report', { ready: true, reason: 'Listening', message: 'Waits.', sessionId: 'session-1' });
  expect(state()).toMatchObject({ ready: true, sessionId: 'session-1' });
  await end('publishListener');
  await send('observe', observation(seen({ deleting: true })));
  // The session was cancelled; only then is it closed.
  await end('closeListener');
  await send('observe', observation(null));
  await expect(run).resolves.toBeUndefined();
  expect(noted.scheduled.map(({ activity }) => activity)).toEqual([
    'listen',
    'publishListener',
    'closeListener',
  ]);
});

test('continues as new where it left off: with its state, and nothing else of its input', async () => {
  const run = autoscalingListener(input).catch((error: unknown) => error);
  await send('observe', observation(seen()));
  await end('listen', progress);
  workflow.continueAsNewSuggested = true;
  await send('observe', observation(seen({ generation: 2 })));
  const result = await run;
  expect(result).toBeInstanceOf(ContinuedAsNew);
  expect((result as ContinuedAsNew).input).toEqual({
    ...input,
    carried: expect.objectContaining({ progress, listener: seen({ generation: 2 }) }),
    inbox: [],
  });
});

test('a next run goes on with what it is given', async () => {
  void autoscalingListener({
    ...input,
    carried: {
      ...{ failures: 0, nextTryAt: 0, repairs: 0, applyTries: 0, applyAt: 0, events: [] },
      listener: seen(),
      progress,
    },
    inbox: [observation(seen({ capacity: 5 }))],
  });
  await turn();
  expect(lastOf('listen').input).toEqual({ ...input, capacity: 5, progress });
});
