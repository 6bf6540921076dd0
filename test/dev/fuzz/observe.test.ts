import { growthBetween, lineOf } from '../../../dev/fuzz/observe.ts';

const line = (facts: object): string => JSON.stringify({ ...facts, ts: '2026-11-27T12:00:00.000Z' });

it('reads a log line by what it says, not by what differs each time', () => {
  const [one] = lineOf(line({ message: 'try 1 of 11111111-2222-3333-4444-555555555555' }));
  const [two] = lineOf(line({ message: 'try 2 of 66666666-7777-8888-9999-000000000000' }));
  expect(one).toEqual(two);
  expect(one?.at).toBe(Date.parse('2026-11-27T12:00:00Z'));
});

it('tells of which wild object a line is', () => {
  expect(lineOf(line({ of: 'wild-12' }))).not.toEqual(lineOf(line({ of: 'wild-13' })));
});

it('passes over what is no line of a log', () => {
  expect(lineOf('(node:1) Warning')).toEqual([]);
  expect(lineOf('')).toEqual([]);
});

it('tells how far each run grew, and whether its set is well', () => {
  const [before, after] = [
    new Map([['c/ephemeralrunnerset/n/calm-1 r1', 10]]),
    new Map([
      ['c/ephemeralrunnerset/n/calm-1 r1', 15],
      ['c/autoscalingrunnerset/n/wild-1 r2', 7],
    ]),
  ];
  expect(growthBetween(before, after, { seconds: 20, wellSets: ['calm-1'] })).toEqual([
    { id: 'c/ephemeralrunnerset/n/calm-1', events: 5, seconds: 20, isWell: true },
    { id: 'c/autoscalingrunnerset/n/wild-1', events: 7, seconds: 20, isWell: false },
  ]);
});
