import { describeRunnerSet, viewRunnerSet } from '../../../src/workflows/ephemeral-runner-set/view.ts';
import { NO_FAILURES } from '../../../src/workflows/ephemeral-runner-set/state.ts';
import { completion, aPod, aState, busyRunner, idleRunner, NOW, pendingRunner, seen } from './builders.ts';

const block = {
  reason: 'SecretNotFound',
  message: 'Secret "s" is missing.',
  since: 1,
  tries: 2,
  nextTryAt: 3,
};
const failures = { inARow: 2, lastAt: NOW, reason: 'ExitCode1', message: 'broken', holds: [NOW + 5] };

describe('the answer of the query', () => {
  test('says what is wanted and what is there', () => {
    const runners = [idleRunner('a'), busyRunner('b'), pendingRunner('c')];
    expect(viewRunnerSet(aState({ set: { replicas: 4 }, runners }))).toMatchObject({
      desired: 4,
      current: 3,
      busy: 1,
      paused: false,
      pastFailures: [],
      runners: [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
    });
  });

  test('tells of a thousand runners at once, in the order of their names, and of the next when asked', () => {
    const name = (index: number): string => `r${String(index).padStart(5, '0')}`;
    const message = 'm'.repeat(200);
    const runners = Array.from({ length: 2_500 }, (_, i) => ({ ...idleRunner(name(2_499 - i)), message }));
    const state = aState({ set: { replicas: 2_500 }, runners });
    const names: string[] = [];
    let after: string | undefined;
    do {
      const view = viewRunnerSet(state, after === undefined ? undefined : { after });
      expect(JSON.stringify(view).length).toBeLessThan(512 * 1024);
      expect([view.known, view.current]).toEqual([2_500, 2_500]);
      names.push(...view.runners.map((runner) => runner.name));
      after = view.next;
    } while (after !== undefined);
    expect(names).toEqual(Array.from({ length: 2_500 }, (_, i) => name(i)));
  });

  test.each([null, 'after', { after: 7 }, []])('what is asked with may be anything: %j', (page) => {
    expect(viewRunnerSet(aState({ runners: [idleRunner('a')] }), page).runners).toHaveLength(1);
  });

  test('names what is in the way, and leaves out what is not', () => {
    const calm = viewRunnerSet(aState());
    expect(calm).not.toHaveProperty('blocked');
    expect(calm).not.toHaveProperty('outdatedRevision');
    const state = aState({ set: { paused: true }, creationBlock: block, outdatedRevision: 'r1', failures });
    const { holds: _holds, ...shown } = failures;
    expect(viewRunnerSet(state)).toMatchObject({
      paused: true,
      blocked: block,
      outdatedRevision: 'r1',
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Paused', status: 'True' })]),
    });
    expect(viewRunnerSet(state).failures).toEqual(shown);
  });

  test('tells of a runner what is known of it, and nothing else', () => {
    const [runner] = viewRunnerSet(aState({ runners: [busyRunner('b')] })).runners;
    expect(runner).toStrictEqual({
      name: 'b',
      stage: 'busy',
      hasJob: true,
      runnerId: 1,
      revision: 'r1',
      patchId: 0,
      createdAt: NOW / 1000 - 60,
      pod: 'Running',
    });
    const [unseen] = viewRunnerSet(aState({ runners: [{ name: 'n', doing: 'create' }] })).runners;
    expect(unseen).toStrictEqual({ name: 'n', stage: 'creating', hasJob: false });
  });

  test('the reason of its end counts more than that of its pod', () => {
    const pod = aPod({ phase: 'Failed', reason: 'Evicted', message: 'no room' });
    const evicted = { name: 'e', seen: seen({ name: 'e', pod }) };
    const ended = { ...evicted, end: 'lost' as const, reason: 'RunnerLost', message: 'gone' };
    const of = (runner: typeof evicted) => viewRunnerSet(aState({ runners: [runner] })).runners[0];
    expect(of(evicted)).toMatchObject({ reason: 'Evicted', message: 'no room' });
    expect(of(ended)).toMatchObject({ end: 'lost', reason: 'RunnerLost', message: 'gone' });
  });
});

describe('the first page', () => {
  test('is a table of five numbers', () => {
    const order = { id: 3, replicas: 6, exact: false, completed: [completion('x'), completion('y')] };
    const rejected = { name: 'r', end: 'rejected' as const };
    const runners = [idleRunner('a'), busyRunner('b'), pendingRunner('c'), rejected];
    expect(describeRunnerSet(aState({ order, runners }))).toBe(
      [
        '| desired | running | busy | pending | failed |',
        '|---|---|---|---|---|',
        '| 4 | 2 | 1 | 1 | 1 |',
      ].join('\n'),
    );
  });

  test.each([
    ['a pause', { set: { paused: true as const } }, 'Paused: no runners are created.'],
    ['a block', { creationBlock: block }, 'Creation is blocked: **SecretNotFound** Secret "s" is missing.'],
    ['failures', { failures }, '2 failures in a row, last: **ExitCode1** broken'],
  ])('says so: %s', (_what, parts, line) => {
    expect(describeRunnerSet(aState(parts)).split('\n').slice(3)).toEqual(['', line]);
    expect(describeRunnerSet(aState({ failures: NO_FAILURES }))).not.toContain(line);
  });
});
