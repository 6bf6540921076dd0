import type { RunnerSettings } from '../../../src/messages/settings.ts';
import { decide } from '../../../src/workflows/ephemeral-runner-set/plan.ts';
import { DEFAULT_SETTINGS } from '../../../src/workflows/ephemeral-runner-set/state.ts';
import { aPod, aState, busyRunner, circumstances, idleRunner } from './builders.ts';

const protectedBy = (runners: Parameters<typeof aState>[0], settings: Partial<RunnerSettings> = {}) =>
  decide(aState({ settings: { ...DEFAULT_SETTINGS, ...settings }, ...runners }), circumstances()).publish
    ?.protect;

test('the pod of a runner that has a job is to be marked, once; idle ones are not', () => {
  const runners = [busyRunner('a'), { ...busyRunner('b'), protected: true }, idleRunner('c')];
  expect(protectedBy({ runners })).toEqual(['a']);
});

test('one that GitHub says has a job counts, one that has ended or has no pod yet does not', () => {
  const runners = [
    { ...idleRunner('held'), heldByJob: true },
    { ...busyRunner('ended'), end: 'completed' as const },
    idleRunner('early', { hasJob: true, pod: aPod({ phase: 'Pending' }) }),
  ];
  expect(protectedBy({ runners })).toEqual(['held']);
});

test('not at all when it is turned off', () => {
  expect(protectedBy({ runners: [busyRunner('a')] }, { jobProtection: 'off' }) ?? []).toEqual([]);
});
