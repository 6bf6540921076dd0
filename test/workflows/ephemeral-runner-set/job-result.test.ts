import { observe } from '../../../src/workflows/ephemeral-runner-set/observe.ts';
import { decide } from '../../../src/workflows/ephemeral-runner-set/plan.ts';
import { runnerStatusKey } from '../../../src/workflows/ephemeral-runner-set/status.ts';
import { aState, busyRunner, circumstances, NOW } from './builders.ts';

/** How a job ended is written onto its runner if that outlives it by two seconds. */
const told = (over: object = {}) => {
  const state = aState({ runners: [{ ...busyRunner('r'), protected: true, ...over }] });
  observe(state, { at: NOW, jobResults: { r: 'failed', unknown: 'succeeded' } });
  return state;
};

test('not at once: as a rule the runner goes with its job', () => {
  const plan = decide(told(), circumstances({ now: NOW + 1_999 }));
  expect(plan.publish?.runners.filter(({ jobResult }) => jobResult !== undefined) ?? []).toEqual([]);
  expect(plan.wakeAt).toBe(NOW + 2_000);
});

test('once it is still there, once', () => {
  const state = told();
  const [update] = decide(state, circumstances({ now: NOW + 2_000 })).publish?.runners ?? [];
  expect(update).toMatchObject({ name: 'r', phase: 'Running', jobResult: 'failed' });
  state.runners.get('r')!.published = runnerStatusKey(update!);
  const after = decide(state, circumstances({ now: NOW + 2_000 }));
  expect(after.publish?.runners ?? []).toEqual([]);
  expect(after.wakeAt).toBeUndefined();
});

test('a runner that has ended needs none', () => {
  const plan = decide(told({ end: 'completed' }), circumstances({ now: NOW + 5_000 }));
  expect(plan.publish?.runners ?? []).toEqual([]);
});
