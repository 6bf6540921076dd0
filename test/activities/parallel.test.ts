import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from '../../src/activities/parallel.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Notes which items were begun, and how many were under way together. */
function counting() {
  const begun: number[] = [];
  let [now, most] = [0, 0];
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    now += 1;
    most = Math.max(most, now);
    await sleep(1);
    now -= 1;
  };
  return { work, begun, most: () => most };
}

test.each([
  ['ten at a time, as a rule', 25, undefined, 10],
  ['as many at a time as is asked for', 25, 3, 3],
  ['one after the other', 5, 1, 1],
  ['no more than there are', 4, 10, 4],
])('all are worked through in their order: %s', async (_what, count, atOnce, most) => {
  const counted = counting();
  await inParallel(upTo(count), counted.work, atOnce);
  expect(counted.begun).toEqual(upTo(count));
  expect(counted.most()).toBe(most);
});

test('nothing to do is done at once', async () => {
  await expect(inParallel([], () => Promise.reject(new Error('never')))).resolves.toBeUndefined();
});

test('the first failure is told, and ends the line it happened in', async () => {
  const begun: number[] = [];
  const work = (item: number): Promise<void> => {
    begun.push(item);
    return item === 1 ? Promise.reject(new Error(`${item} failed`)) : Promise.resolve();
  };
  await expect(inParallel(upTo(5), work, 1)).rejects.toThrow('1 failed');
  expect(begun).toEqual([0, 1]);
});
