import type { RunnerSetLoad } from '../../../../src/activities/autoscaling-listener/policies/capacity.ts';
import { NO_LOAD, capacityOf } from '../../../../src/activities/autoscaling-listener/policies/capacity.ts';
import { DRAINING_ANNOTATION, PAUSED_ANNOTATION } from '../../../../src/api/annotations.ts';
import type { EphemeralRunnerSet } from '../../../../src/api/v1alpha1/ephemeral-runner-set.ts';

/** What a set can take. */
const set = { metadata: {}, spec: {} } as EphemeralRunnerSet;
const blocked = (reason: string): EphemeralRunnerSet =>
  ({ ...set, status: { conditions: [{ type: 'CreationBlocked', status: 'True', reason }] } }) as never;
const load = (alive: number, waitingForNode: number[] = []): RunnerSetLoad => ({
  busy: false,
  alive,
  waitingForNode,
});
test.each<[string, EphemeralRunnerSet | undefined, RunnerSetLoad, 'open' | 'closed' | number]>([
  ['all that is allowed', set, load(3), 'open'],
  ['nothing, when there is none', undefined, NO_LOAD, 'closed'],
  ['what it has and one more, under a quota', blocked('QuotaExceeded'), load(3), 4],
  ['a try at least, under a quota', blocked('QuotaExceeded'), NO_LOAD, 1],
  ['all that is allowed, in another trouble', blocked('SecretNotFound'), load(3), 'open'],
  ['all, while a node may still come', set, load(3, [30_000]), 'open'],
  ['what runs and one more, when none came', set, load(5, [61_000, 70_000, 1_000]), 4],
])('%s', (_what, given, loaded, expected) => {
  expect(capacityOf(given, loaded)).toBe(expected);
});

test.each<[string, object]>([
  ['paused', { metadata: { annotations: { [PAUSED_ANNOTATION]: 'true' } } }],
  ['draining', { metadata: { annotations: { [DRAINING_ANNOTATION]: 'true' } } }],
  ['outdated', { status: { phase: 'Outdated' } }],
  ['being deleted', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }],
])('one that is %s takes no job, whatever room it has', (_what, over) => {
  expect(capacityOf({ ...set, ...over }, load(3))).toBe('closed');
});

test('a quota that has room again blocks nothing', () => {
  const conditions = [{ type: 'CreationBlocked', status: 'False', reason: 'QuotaExceeded' }];
  expect(capacityOf({ ...set, status: { conditions } } as never, load(3))).toBe('open');
});

test('a pod has waited too long for a node from one minute on', () => {
  expect(capacityOf(set, load(1, [59_999]))).toBe('open');
  expect(capacityOf(set, load(1, [60_000]))).toBe(1);
});
