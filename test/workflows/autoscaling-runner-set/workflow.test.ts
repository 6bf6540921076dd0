import { jest } from '@jest/globals';
import type { AutoscalingRunnerSetObservation } from '../../../src/messages/observations.ts';
import { NOW } from '../ephemeral-runner-set/builders.ts';
import {
  ContinuedAsNew,
  failureOf,
  forget,
  lastOf,
  noted,
  turn,
  workflow,
  workflowModule,
} from '../workflow-stand-in.ts';
import { aChildSet, aListener, aScaleSet, aState, prepared } from './builders.ts';

jest.unstable_mockModule('@temporalio/workflow', workflowModule);
const { autoscalingRunnerSet } = await import('../../../src/workflows/autoscaling-runner-set/workflow.ts');

const input = { namespace: 'team', name: 'demo' };
const { previousAnnotations: _before, ...scaleSet } = prepared;
const result = { ...scaleSet, events: [] };

const observation = (
  over: Partial<AutoscalingRunnerSetObservation> = {},
): AutoscalingRunnerSetObservation => ({
  at: NOW,
  autoscalingRunnerSet: aScaleSet(),
  wanted: 'wanted-1',
  runnerSets: [],
  listeners: [],
  ...over,
});

async function observe(over: Partial<AutoscalingRunnerSetObservation> = {}): Promise<void> {
  noted.handlers.get('signal observe')!(observation(over) as never);
  await turn();
}

async function end(activity: string, value?: unknown): Promise<void> {
  lastOf(activity).resolve(value);
  await turn();
}
const steps = () =>
  noted.scheduled.map(({ activity }) => activity).filter((activity) => activity !== 'publishScaleSet');

beforeEach(() => {
  forget();
  jest.spyOn(Date, 'now').mockReturnValue(NOW);
});

test('takes one step after the other, and ends when nothing is left', async () => {
  const run = autoscalingRunnerSet(input);
  await turn();
  expect(noted.scheduled).toEqual([]);
  await observe();
  expect(steps()).toEqual(['prepareScaleSet']);
  await end('prepareScaleSet', result);
  expect(steps()).toEqual(['prepareScaleSet', 'applyChildren']);
  await end('applyChildren');
  await end('publishScaleSet');
  await observe({ runnerSets: [aChildSet()], listeners: [aListener()] });
  expect(steps()).toHaveLength(2);
  expect(noted.handlers.get('query state')!()).toMatchObject({ phase: 'Running', scaleSetId: 7 });
  await end('publishScaleSet');
  await observe({ autoscalingRunnerSet: null });
  // What is being written is waited for.
  await end('publishScaleSet');
  await expect(run).resolves.toBeUndefined();
});

test('continues as new with its state, and begins nothing before', async () => {
  const run = autoscalingRunnerSet({ ...input, carried: aState() }).catch((error: unknown) => error);
  await turn();
  await end('publishScaleSet');
  workflow.continueAsNewSuggested = true;
  await observe({ wanted: 'wanted-2' });
  const last = await run;
  expect(last).toBeInstanceOf(ContinuedAsNew);
  expect((last as ContinuedAsNew).input).toMatchObject({
    ...input,
    carried: { prepared, seen: { wanted: 'wanted-2' }, published: { at: NOW } },
    inbox: [],
  });
  expect(steps()).toEqual([]);
});

test('a next run takes in what was still to be read', async () => {
  const inbox = [observation({ autoscalingRunnerSet: null, listeners: [aListener()] })];
  void autoscalingRunnerSet({ ...input, carried: aState(), inbox });
  await turn();
  expect(steps()).toEqual(['dropChildren']);
});

test('a pause is passed on and answered', async () => {
  void autoscalingRunnerSet(input);
  const answer = noted.handlers.get('update pause')!();
  expect(lastOf('pauseScaleSet').input).toEqual({ ...input, paused: true });
  lastOf('pauseScaleSet').resolve();
  await expect(answer).resolves.toEqual({ paused: true });
});

test.each([-3_600_000, 3_600_000])(
  'a watch whose clock is off by %i ms moves no deadline of a deletion',
  async (off) => {
    let now = NOW;
    jest.spyOn(Date, 'now').mockImplementation(() => now);
    void autoscalingRunnerSet(input);
    const going = { at: now + off, autoscalingRunnerSet: aScaleSet({ deleting: true }) };
    await observe(going);
    expect(lastOf('removeScaleSet').input).not.toMatchObject({ force: true });
    lastOf('removeScaleSet').reject(failureOf('GitHubUnavailable'));
    await turn();
    now += 299_000;
    await observe({ ...going, at: now + off });
    expect(lastOf('removeScaleSet').input).not.toMatchObject({ force: true });
    lastOf('removeScaleSet').reject(failureOf('GitHubUnavailable'));
    await turn();
    now += 2_000;
    await observe({ ...going, at: now + off });
    expect(lastOf('removeScaleSet').input).toMatchObject({ force: true });
  },
);
