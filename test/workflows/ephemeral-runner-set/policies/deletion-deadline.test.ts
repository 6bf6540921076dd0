import { overdueAt } from '../../../../src/workflows/ephemeral-runner-set/policies/deletion-deadline.ts';
import { decide } from '../../../../src/workflows/ephemeral-runner-set/plan.ts';
import { settle } from '../../../../src/workflows/ephemeral-runner-set/settle.ts';
import type { RunnerSetState } from '../../../../src/workflows/ephemeral-runner-set/state.ts';
import { aBlock, aState, circumstances, idleRunner, NOW } from '../builders.ts';

const blocked = (since: number, over: Parameters<typeof aState>[0] = {}): RunnerSetState =>
  aState({ retirementBlock: aBlock(since), ...over });
const gone = { set: { deleting: true as const } };
const deletedRunner = idleRunner('demo-runner-gone1', { deleting: true });
const MINUTES = 60_000;

test.each<[string, RunnerSetState, ReturnType<typeof idleRunner>, boolean]>([
  ['nothing is in the way', aState(gone), idleRunner(), false],
  ['not for long enough', blocked(NOW - 4 * MINUTES, gone), idleRunner(), false],
  ['as long as the deadline', blocked(NOW - 5 * MINUTES, gone), idleRunner(), true],
  [
    'the set was only just deleted',
    blocked(NOW - 60 * MINUTES, { ...gone, deletingSince: NOW }),
    idleRunner(),
    false,
  ],
  ['one runner was deleted', blocked(NOW - 5 * MINUTES), deletedRunner, true],
  ['a runner is only to be replaced', blocked(NOW - 60 * MINUTES), idleRunner(), false],
])('whether a runner goes without GitHub: %s', (_what, state, runner, expected) => {
  expect(overdueAt(state, runner) <= NOW).toBe(expected);
});

test('the deadline is a setting', () => {
  const state = blocked(NOW - 2_000, gone);
  state.settings = { ...state.settings, deletionDeadlineSeconds: 2 };
  expect(overdueAt(state, idleRunner())).toBe(NOW);
});

test('the plan says so, and what leaked is told once it is gone', () => {
  const runner = idleRunner();
  const state = blocked(NOW - 5 * MINUTES, { ...gone, runners: [runner], deletingSince: NOW - 6 * MINUTES });
  expect(decide(state, circumstances()).retire).toEqual([{ name: runner.name, runnerId: 1, force: true }]);
  const result = { retired: [runner.name], kept: [], busy: [], leaked: [runner.name] };
  settle(state, [{ of: 'retire', names: [runner.name], result }], NOW);
  expect(state.events).toMatchObject([{ type: 'Warning', reason: 'RunnersLeaked' }]);
  expect(state.events[0]?.message).toContain(runner.name);
  // GitHub has not answered: the next one need not wait anew.
  expect(state.retirementBlock).toBeDefined();
});

test('since when retiring is blocked is noted, and forgotten when it works again', () => {
  const runner = idleRunner();
  const state = aState({ runners: [runner] });
  const stopped = { reason: 'SecretNotFound', message: 'x' };
  const nothing = { retired: [], kept: [], busy: [] };
  settle(state, [{ of: 'retire', names: [runner.name], result: { ...nothing, stopped } }], NOW);
  settle(state, [{ of: 'retire', names: [runner.name], result: { ...nothing, stopped } }], NOW + 9);
  expect(state.retirementBlock?.since).toBe(NOW);
  settle(
    state,
    [{ of: 'retire', names: [runner.name], result: { ...nothing, retired: [runner.name] } }],
    NOW,
  );
  expect(state.retirementBlock).toBeUndefined();
});
