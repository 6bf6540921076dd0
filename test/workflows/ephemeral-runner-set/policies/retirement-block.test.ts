import { observe } from '../../../../src/workflows/ephemeral-runner-set/observe.ts';
import { retirementBlockAfter } from '../../../../src/workflows/ephemeral-runner-set/policies/retirement-block.ts';
import { settle } from '../../../../src/workflows/ephemeral-runner-set/settle.ts';
import type { RunnerSetState } from '../../../../src/workflows/ephemeral-runner-set/state.ts';
import { NOW, aState, idleRunner } from '../builders.ts';

const SECRET = { reason: 'SecretNotFound', message: 'create it' };
type Block = RunnerSetState['retirementBlock'];

/** The pauses between so many tries, in seconds. */
function pauses(tries: number, stop: { reason: string; message: string; retryAfterMs?: number }): number[] {
  let block: Block;
  let now = NOW;
  return Array.from({ length: tries }, () => {
    block = retirementBlockAfter(block, { stop, progress: false, now });
    const pause = block.nextTryAt - now;
    now = block.nextTryAt;
    return pause / 1000;
  });
}

test.each([
  ['what a person must repair: at growing intervals', SECRET, [5, 10, 20, 40, 60, 60]],
  ['what ends by itself: soon', { reason: 'GitHubUnavailable', message: '' }, [5, 10, 10, 10, 10, 10]],
  ['a time that was asked for', { ...SECRET, retryAfterMs: 90_000 }, [90, 90, 90, 90, 90, 90]],
])('%s', (_what, stop, expected) => {
  expect(pauses(expected.length, stop)).toEqual(expected);
});

test('activities that end together are one try, and whoever is let go of begins the intervals anew', () => {
  const first = retirementBlockAfter(undefined, { stop: SECRET, progress: false, now: NOW });
  const second = retirementBlockAfter(first, { stop: SECRET, progress: false, now: NOW + 9 });
  expect(second).toMatchObject({ tries: 1, since: NOW });
  const third = retirementBlockAfter(second, { stop: SECRET, progress: false, now: NOW + 6_000 });
  expect(third).toMatchObject({ tries: 2, since: NOW });
  expect(retirementBlockAfter(third, { stop: SECRET, progress: true, now: NOW + 7_000 })).toMatchObject({
    tries: 1,
    since: NOW,
  });
});

const nothing = { retired: [], kept: [], busy: [] };

/** A set that is being deleted, after so many tries in vain, each when the one before said. */
function afterTries(tries: number): { state: RunnerSetState; name: string } {
  const runner = idleRunner();
  const state = aState({ set: { deleting: true }, runners: [runner], deletingSince: NOW });
  state.settings = { ...state.settings, deletionDeadlineSeconds: 30 };
  for (let tried = 0; tried < tries; tried += 1) {
    const now = state.retirementBlock?.nextTryAt ?? NOW;
    const result = { ...nothing, stopped: SECRET };
    settle(state, [{ of: 'retire', names: [runner.name], result }], now);
  }
  return { state, name: runner.name };
}

test('the deadline of a deletion is kept, though the next try would be later', () => {
  const { state, name } = afterTries(3);
  expect(state.retirementBlock?.nextTryAt).toBe(NOW + 35_000);
  expect(state.runners.get(name)?.notBefore).toBe(NOW + 30_000);
});

test('a Secret that comes back is tried at once, and the intervals begin anew', () => {
  const { state, name } = afterTries(3);
  const set = state.runnerSet!;
  observe(state, { at: NOW, runnerSet: { ...set, surroundings: 'absent' } });
  expect(state.runners.get(name)?.notBefore).toBeDefined();
  observe(state, { at: NOW, runnerSet: { ...set, surroundings: 'there' } });
  expect(state.runners.get(name)?.notBefore).toBeUndefined();
  expect(state.retirementBlock).toMatchObject({ tries: 0, since: NOW });
});
