import {
  emptyRunnerSetState,
  limitEvents,
  remember,
} from '../../../src/workflows/ephemeral-runner-set/state.ts';
import { NOW, plain } from './builders.ts';

test('of past failures the last twenty are kept, oldest first', () => {
  const state = emptyRunnerSetState();
  for (let i = 0; i < 25; i += 1) remember(state, { at: NOW + i, runner: `r${i}`, reason: 'r', message: '' });
  expect(state.pastFailures.map(({ runner }) => runner)).toEqual(
    Array.from({ length: 20 }, (_, i) => `r${i + 5}`),
  );
});

test('a set that nothing is known of shares nothing with another one, and decides nothing', () => {
  const [one, other] = [emptyRunnerSetState(), emptyRunnerSetState()];
  one.runners.put({ name: 'r' });
  one.events.push({ type: 'Normal', reason: 'r', message: '' });
  remember(one, { at: NOW, runner: 'r', reason: 'r', message: '' });
  expect(plain(other)).toEqual(plain(emptyRunnerSetState()));
  expect(other).toMatchObject({ complete: false, events: [], pastFailures: [] });
  expect(other.runners.size).toBe(0);
  expect(other).not.toHaveProperty('runnerSet');
});

test('a thousand Events wait at most: the newest of too many are dropped, and that is said', () => {
  const state = emptyRunnerSetState();
  for (let i = 0; i < 5_000; i += 1) state.events.push({ type: 'Warning', reason: `r${i}`, message: '' });
  limitEvents(state);
  limitEvents(state);
  expect(state.events).toHaveLength(1_000);
  expect(state.events[0]?.reason).toBe('r0');
  expect(state.events.at(-1)).toMatchObject({ reason: 'EventsDropped' });
  expect(state.events.at(-1)?.message).toMatch(/^4001 Events/);
});
