import {
  isDoubtful,
  jobsWanted,
  NO_DEMAND,
  whenQuiet,
  withMessage,
  withStatistics,
} from '../../../../src/activities/autoscaling-listener/policies/demand.ts';
import { aJob, aMessage, counts } from '../messages.ts';

const NOW = 1_800_000_000_000;

test('nothing is wanted, not even none, before anything is known', () => {
  expect(jobsWanted(whenQuiet(NO_DEMAND, NOW))).toBeUndefined();
});

test('the first statistics count', () => {
  expect(jobsWanted(withStatistics(NO_DEMAND, counts(3)))).toBe(3);
});

test('a message without statistics leaves the last known ones', () => {
  const demand = withMessage(withStatistics(NO_DEMAND, counts(3)), aMessage(), NOW);
  expect(jobsWanted(demand)).toBe(3);
});

describe('a job that was assigned by a message whose statistics say 0', () => {
  const message = aMessage({ assigned: [aJob('a')], statistics: counts(0) });
  const demand = withMessage(withStatistics(NO_DEMAND, counts(0)), message, NOW);

  test('counts once the queue is quiet, as newer messages may tell of its end', () => {
    expect(jobsWanted(demand)).toBe(0);
    expect(jobsWanted(whenQuiet(demand, NOW))).toBe(1);
  });

  test('goes on counting when another message leaves it out', () => {
    const next = withMessage(whenQuiet(demand, NOW), aMessage({ statistics: counts(0) }), NOW);
    expect(jobsWanted(next)).toBe(1);
    expect(isDoubtful(demand)).toBe(true);
    expect(isDoubtful(next)).toBe(false);
  });

  test('told twice, is one job', () => {
    expect(withMessage(demand, message, NOW + 1)).toEqual(demand);
  });

  test.each(['started', 'completed'] as const)('no longer counts when it has %s', (kind) => {
    const next = withMessage(demand, aMessage({ [kind]: [aJob('a')], statistics: counts(0) }), NOW);
    expect(jobsWanted(whenQuiet(next, NOW))).toBe(0);
  });

  test('is no longer in doubt when statistics count it', () => {
    const next = withMessage(demand, aMessage({ statistics: counts(1) }), NOW);
    expect(next.uncounted).toEqual({});
    expect(jobsWanted(whenQuiet(next, NOW))).toBe(1);
  });

  test('is forgotten after ten minutes', () => {
    expect(jobsWanted(whenQuiet(demand, NOW + 10 * 60_000 + 1))).toBe(0);
  });
});

test('a job that was assigned and ended in the same message is not in doubt', () => {
  const message = aMessage({ assigned: [aJob('a')], completed: [aJob('a')], statistics: counts(0) });
  expect(withMessage(NO_DEMAND, message, NOW).uncounted).toEqual({});
});
