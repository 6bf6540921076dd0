import type { Journal, RunStory, Sample } from '../../../dev/fuzz/journal.ts';
import { emptyJournal } from '../../../dev/fuzz/journal.ts';
import { findingsOf, mostWithin, PROPERTIES } from '../../../dev/fuzz/properties.ts';

const job = {
  id: 'job',
  set: 'calm-1',
  state: 'completed',
  result: 'succeeded',
  runner: 'one',
  isTouched: false,
};

/** A set with one job that waits from second `from` to second `to`. */
const waiting = (name: string, from: number, to: number, running = 0): Sample[] =>
  seconds(from, to).map((second) => ({
    at: second * 1_000,
    sets: [{ name, maxRunners: 4, running, waiting: ['job'] }],
  }));

const seconds = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

const times = (count: number, everyMs: number): { at: number }[] =>
  Array.from({ length: count }, (_, i) => ({ at: i * everyMs }));

const run = (partial: Partial<RunStory>): Journal['workflows'] => [
  {
    id: 'c/ephemeralrunnerset/n/s',
    type: 'ephemeralRunnerSet',
    runs: [
      { runId: 'r', status: 'RUNNING', tasks: [], failures: [], timers: [], activities: [], ...partial },
    ],
  },
];

const frozen = { what: 'a worker freezes', from: 5_000, of: 'all', allowMs: 30_000 } as const;

const calls = (count: number, status: number): Journal['calls'] =>
  times(count, 100).map(({ at }) => ({ at, call: 'wild createscaleset /x', status }));

/** What each property is broken by, and what comes close and is well. */
const CASES: [property: string, broken: Partial<Journal>[], well: Partial<Journal>[]][] = [
  [
    'no set waits for another',
    [{ samples: waiting('calm-1', 0, 45) }, { served: [{ what: 'late', ms: 60_000 }] }],
    [
      { samples: waiting('calm-1', 0, 15) },
      { samples: waiting('calm-1', 0, 45, 4) },
      { samples: waiting('calm-1', 0, 50), troubles: [frozen] },
      { samples: waiting('tried-1', 0, 15) },
      { served: [{ what: 'late', ms: 5_000 }] },
    ],
  ],
  [
    'no job waits while there is room',
    [
      { samples: waiting('tried-1', 0, 45) },
      { samples: waiting('tried-1', 0, 90), troubles: [frozen] },
      { samples: waiting('tried-1', 100, 140), troubles: [frozen] },
    ],
    [{ samples: waiting('tried-1', 0, 50), troubles: [frozen] }],
  ],
  [
    'no job is lost',
    [
      { jobs: [{ ...job, state: 'assigned' }] },
      { jobs: [{ ...job, result: 'failed' }] },
      { jobs: [{ ...job, state: 'running', isTouched: true }] },
    ],
    [{ jobs: [job] }, { jobs: [{ ...job, result: 'canceled', isTouched: true }] }],
  ],
  [
    'no job is run twice',
    [{ jobs: [job, { ...job, id: 'other' }] }, { violations: ['a JIT config was used twice'] }],
    [{ jobs: [job, { ...job, id: 'other', runner: 'two' }] }],
  ],
  ['nothing is left', [{ left: ['pod x'] }], [{}]],
  [
    'no workflow task fails twice',
    [
      { workflows: run({ tasks: [{ at: 0, attempt: 3 }] }) },
      { workflows: run({ failures: [1, 2].map((at) => ({ at, cause: 'cause 24: nondeterminism' })) }) },
    ],
    [
      { workflows: run({ tasks: [{ at: 0, attempt: 2 }] }) },
      { workflows: run({ tasks: [{ at: 6_000, attempt: 5 }] }), troubles: [frozen] },
      { workflows: run({ failures: [{ at: 0, cause: 'once' }] }) },
    ],
  ],
  [
    'no loop is faster than its pace',
    [
      { workflows: run({ timers: times(1_000, 1).map(({ at }) => ({ at, ms: 1 })) }) },
      { workflows: run({ tasks: times(1_000, 5).map(({ at }) => ({ at, attempt: 1 })) }) },
      { workflows: run({ activities: times(500, 10).map(({ at }) => ({ at, type: 'prepare' })) }) },
      { calls: calls(200, 500) },
    ],
    [
      { workflows: run({ timers: times(1_000, 1_000).map(({ at }) => ({ at, ms: 1_000 })) }) },
      { calls: calls(200, 200) },
    ],
  ],
  [
    'nothing is said again and again',
    [{ log: times(60, 1_000).map(({ at }) => ({ at, text: 'an object has no spec' })) }],
    [
      { log: times(60, 10_000).map(({ at }) => ({ at, text: 'an object has no spec' })) },
      { log: times(60, 1_000).map(({ at }) => ({ at, text: `line ${at}` })) },
    ],
  ],
  [
    'no history grows while nothing happens',
    [
      { grown: [{ id: 'w', events: 120, seconds: 20, isWell: false }] },
      { grown: [{ id: 'w', events: 25, seconds: 20, isWell: true }] },
    ],
    [{ grown: [{ id: 'w', events: 15, seconds: 20, isWell: false }] }],
  ],
  ['no worker ends by itself', [{ ended: ['worker ended with code 1'] }], [{}]],
  ['no credential is told', [{ told: ['an Event'] }], [{}]],
];

test('each property has cases', () => {
  expect(CASES.map(([property]) => property)).toEqual(Object.keys(PROPERTIES));
});

const findings = (journal: Partial<Journal>): string[] =>
  findingsOf({ ...emptyJournal(), ...journal }).map(({ property }) => property);

describe.each(CASES)('%s', (property, broken, well) => {
  it.each(broken)('is broken by %j', (journal) => {
    expect(findings(journal)).toEqual([property]);
  });

  it.each(well)('holds in %j', (journal) => {
    expect(findings(journal)).toEqual([]);
  });
});

test('where this process did not run, little time is counted', () => {
  const samples = [0, 1_000, 60_000, 61_000].map((at) => ({
    at,
    sets: [{ name: 'calm-1', maxRunners: 1, running: 0, waiting: ['job'] }],
  }));
  expect(findings({ samples })).toEqual([]);
});

test.each([
  [[], 0],
  [[1], 1],
  [[1, 5, 10, 11, 12], 3],
  [[12, 1, 11, 10, 5], 3],
])('of %j, at most %i lie within 5', (given, most) => {
  expect(mostWithin(given, 4)).toBe(most);
});
