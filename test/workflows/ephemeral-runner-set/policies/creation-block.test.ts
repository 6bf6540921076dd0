import {
  allowWhileBlocked,
  joinStops,
  blockAfter,
} from '../../../../src/workflows/ephemeral-runner-set/policies/creation-block.ts';
import { NOW } from '../builders.ts';

const stop = { reason: 'SecretNotFound', message: 'Secret "s" is missing.' };

describe('a block', () => {
  test('one try at a time, at intervals that grow to five minutes', () => {
    let trouble = blockAfter(undefined, stop, NOW);
    const waits = [trouble.nextTryAt - NOW];
    for (let i = 0; i < 9; i += 1) {
      trouble = blockAfter(trouble, stop, NOW);
      waits.push(trouble.nextTryAt - NOW);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300].map((seconds) => seconds * 1000));
    expect(allowWhileBlocked(trouble, { lanes: 0, now: NOW })).toEqual({ count: 0, again: NOW + 300_000 });
    expect(allowWhileBlocked(trouble, { lanes: 0, now: NOW + 300_000 })).toEqual({ count: 1 });
    expect(allowWhileBlocked(trouble, { lanes: 1, now: NOW + 300_000 })).toEqual({ count: 0 });
  });

  test('a time that was asked for is kept', () => {
    expect(blockAfter(undefined, { ...stop, retryAfterMs: 60_000 }, NOW).nextTryAt).toBe(NOW + 60_000);
  });

  test('it began with its first stop', () => {
    const first = blockAfter(undefined, stop, NOW);
    expect(blockAfter(first, stop, NOW + 9000)).toMatchObject({ since: NOW, tries: 2 });
  });

  test('several stops of one pass are reported together, the most frequent first', () => {
    const quota = { reason: 'QuotaExceeded', message: 'pods: 10' };
    expect(joinStops([quota, stop, stop])).toEqual({
      reason: 'SecretNotFound',
      message: 'Secret "s" is missing.; QuotaExceeded: pods: 10',
    });
    expect(joinStops([stop, { ...stop, message: 'Secret "t" is missing.' }])).toEqual(stop);
    expect(joinStops([])).toBeUndefined();
  });
});
