import { isOverdue } from '../../../../src/workflows/ephemeral-runner-set/policies/deletion-deadline.ts';
import { decide } from '../../../../src/workflows/ephemeral-runner-set/plan.ts';
import { settle } from '../../../../src/workflows/ephemeral-runner-set/settle.ts';
import type { RunnerSetState } from '../../../../src/workflows/ephemeral-runner-set/state.ts';
import { aState, circumstances, idleRow, NOW } from '../builders.ts';

const blocked = (since: number, over: Parameters<typeof aState>[0] = {}): RunnerSetState =>
  aState({ retirementBlockedBy: 'SecretNotFound', retirementBlockedSince: since, ...over });
const gone = { set: { deleting: true as const } };
const deletedRow = idleRow('demo-runner-gone1', { deleting: true });
const MINUTES = 60_000;

test.each<[string, RunnerSetState, ReturnType<typeof idleRow>, boolean]>([
  ['nothing is in the way', aState(gone), idleRow(), false],
  ['not for long enough', blocked(NOW - 4 * MINUTES, gone), idleRow(), false],
  ['as long as the deadline', blocked(NOW - 5 * MINUTES, gone), idleRow(), true],
  [
    'the set was only just deleted',
    blocked(NOW - 60 * MINUTES, { ...gone, deletingSince: NOW }),
    idleRow(),
    false,
  ],
  ['one runner was deleted', blocked(NOW - 5 * MINUTES), deletedRow, true],
  ['a runner is only to be replaced', blocked(NOW - 60 * MINUTES), idleRow(), false],
])('whether a runner goes without GitHub: %s', (_what, state, row, expected) => {
  expect(isOverdue(state, row, NOW)).toBe(expected);
});

test('the deadline is a setting', () => {
  const state = blocked(NOW - 2_000, gone);
  state.settings = { ...state.settings, deletionDeadlineSeconds: 2 };
  expect(isOverdue(state, idleRow(), NOW)).toBe(true);
});

test('the plan says so, and what leaked is told once it is gone', () => {
  const row = idleRow();
  const state = blocked(NOW - 5 * MINUTES, { ...gone, rows: [row], deletingSince: NOW - 6 * MINUTES });
  expect(decide(state, circumstances()).retire).toEqual([{ name: row.name, runnerId: 1, force: true }]);
  const result = { retired: [row.name], kept: [], busy: [], leaked: [row.name] };
  settle(state, [{ of: 'retire', names: [row.name], result }], NOW);
  expect(state.happenings).toMatchObject([{ type: 'Warning', reason: 'RunnersLeaked' }]);
  expect(state.happenings[0]?.message).toContain(row.name);
  // GitHub has not answered: the next one need not wait anew.
  expect(state.retirementBlockedSince).toBeDefined();
});

test('since when retiring is blocked is noted, and forgotten when it works again', () => {
  const row = idleRow();
  const state = aState({ rows: [row] });
  const stopped = { reason: 'SecretNotFound', message: 'x' };
  const nothing = { retired: [], kept: [], busy: [] };
  settle(state, [{ of: 'retire', names: [row.name], result: { ...nothing, stopped } }], NOW);
  settle(state, [{ of: 'retire', names: [row.name], result: { ...nothing, stopped } }], NOW + 9);
  expect(state.retirementBlockedSince).toBe(NOW);
  settle(state, [{ of: 'retire', names: [row.name], result: { ...nothing, retired: [row.name] } }], NOW);
  expect(state.retirementBlockedSince).toBeUndefined();
});
