import type { RunnerSettings } from '../../../src/messages/settings.ts';
import { decide } from '../../../src/workflows/ephemeral-runner-set/plan.ts';
import { DEFAULT_SETTINGS } from '../../../src/workflows/ephemeral-runner-set/state.ts';
import { aPod, aState, busyRow, circumstances, idleRow } from './builders.ts';

const protectedBy = (rows: Parameters<typeof aState>[0], settings: Partial<RunnerSettings> = {}) =>
  decide(aState({ settings: { ...DEFAULT_SETTINGS, ...settings }, ...rows }), circumstances()).publish
    ?.protect;

test('the pod of a runner that has a job is to be marked, once; idle ones are not', () => {
  const rows = [busyRow('a'), { ...busyRow('b'), protected: true }, idleRow('c')];
  expect(protectedBy({ rows })).toEqual(['a']);
});

test('one that GitHub says has a job counts, one that has ended or has no pod yet does not', () => {
  const rows = [
    { ...idleRow('held'), heldByJob: true },
    { ...busyRow('ended'), end: 'completed' as const },
    idleRow('early', { hasJob: true, pod: aPod({ phase: 'Pending' }) }),
  ];
  expect(protectedBy({ rows })).toEqual(['held']);
});

test('not at all when it is turned off', () => {
  expect(protectedBy({ rows: [busyRow('a')] }, { jobProtection: 'off' }) ?? []).toEqual([]);
});
