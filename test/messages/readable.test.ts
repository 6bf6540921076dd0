import {
  listenerObservationProblem,
  reportProblem,
  runnerSetObservationProblem,
  scaleSetObservationProblem,
} from '../../src/messages/readable.ts';
import { observe } from '../../src/workflows/ephemeral-runner-set/observe.ts';
import { emptyRunnerSetState } from '../../src/workflows/ephemeral-runner-set/state.ts';

const runner = { name: 'r1', revision: 'a', patchId: 0, createdAt: 1, pod: { uid: 'p', phase: 'Running' } };
const settings = { runnerCreationConcurrency: 10, failureBackoffSeconds: [5], maxConsecutiveFailures: 5 };
const runnerSet = {
  ...{ uid: 'u', generation: 1, revision: 'a', replicas: 1, patchId: 0 },
  ...{ configUrl: 'https://github.com/octo', scaleSet: 's' },
};
const GOOD = {
  runnerSet: {
    ...{ at: 1, runnerSet, runners: [runner], gone: ['r2'], jobResults: { r1: 'succeeded' } },
    ...{ snapshot: { id: 1, part: 1, parts: 1 }, settings, sequence: { epoch: 1, seq: 1 } },
  },
  scaleSet: {
    ...{ at: 1, wanted: 'h', listeners: [{ namespace: 'n', name: 'l', uid: 'u', scaleSetId: 1 }] },
    autoscalingRunnerSet: { uid: 'u', generation: 1, configUrl: '', specHash: 'h', gitHubAnnotations: '' },
    runnerSets: [{ name: 'a', uid: 'u', replicas: 1, scaleSetId: 1, pending: 0, running: 0, failed: 0 }],
  },
  listener: {
    at: 1,
    listener: {
      ...{ uid: 'u', generation: 1, specHash: 'h', mode: 'worker', configUrl: '', scaleSetId: 1 },
      ...{ autoscalingRunnerSet: { namespace: 'n', name: 'a' }, capacity: 'open' },
    },
  },
  report: { ready: true, reason: 'Listening', message: 'm', scaleSetId: 1, sessionId: 's' },
};

const CHECKS = [
  ['runnerSet', runnerSetObservationProblem],
  ['scaleSet', scaleSetObservationProblem],
  ['listener', listenerObservationProblem],
  ['report', reportProblem],
] as const;

describe.each(CHECKS)('a message of the kind %s', (kind, problemOf) => {
  test('is taken as the watch and the listener send it', () => {
    expect(problemOf(GOOD[kind])).toBeUndefined();
  });

  test.each([null, undefined, 0, 'text', true, [], {}, [GOOD[kind]]])('is not %j', (message) => {
    expect(problemOf(message)).toEqual(expect.any(String));
  });

  test('is refused when any member of it has another type', () => {
    for (const [path, value] of places(GOOD[kind])) {
      for (const odd of [null, 7, 'text', [null], { odd: 1 }]) {
        if (typeOf(odd) === typeOf(value) || isAllowed(path, odd)) continue;
        expect([path, odd, problemOf(replaced(GOOD[kind], path, odd))]).toEqual([
          path,
          odd,
          expect.any(String),
        ]);
      }
    }
  });
});

test('what is taken can be taken in, whatever stands in it', () => {
  let taken = 0;
  for (const [path] of places(GOOD.runnerSet)) {
    for (const odd of [null, 0, -1, '', 'x', [], {}, true, 1e300, undefined]) {
      const message = replaced(GOOD.runnerSet, path, odd);
      if (runnerSetObservationProblem(message) !== undefined) continue;
      taken += 1;
      expect(() => observe(emptyRunnerSetState(), message as never)).not.toThrow();
    }
  }
  expect(taken).toBeGreaterThan(50);
});

const typeOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value;

/** `null` says that there is none; a capacity may be a number or a word; any word may name the runner of a result. */
const isAllowed = (path: string[], odd: unknown): boolean =>
  (odd === null &&
    ['runnerSet', 'autoscalingRunnerSet', 'listener'].includes(path[0] ?? '') &&
    path.length === 1) ||
  (path.at(-1) === 'capacity' && odd === 7);

function places(value: unknown, path: string[] = []): [string[], unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => [
    [[...path, name], each] as [string[], unknown],
    ...places(each, [...path, name]),
  ]);
}

function replaced(value: unknown, [name = '', ...rest]: string[], odd: unknown): unknown {
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[name] = rest.length === 0 ? odd : replaced(copy[name], rest, odd);
  return copy;
}
