import { Telling } from '../../../src/activities/autoscaling-listener/telling.ts';

const lost: string[] = [];

const telling = (): Telling =>
  new Telling((what, error) => void lost.push(`${what}: ${(error as Error).message}`));

beforeEach(() => void (lost.length = 0));

test('what fails is tried again', async () => {
  const [all, tries] = [telling(), [] as number[]];
  all.begin('a note', () => {
    tries.push(Date.now());
    if (tries.length < 3) throw new Error('away');
  });
  await all.settled(3_000);
  expect(tries).toHaveLength(3);
  expect(lost).toEqual([]);
});

test('and let go in the end, which is said once', async () => {
  const all = telling();
  let tries = 0;
  all.begin('a note', () => {
    tries += 1;
    return Promise.reject(new Error('forbidden'));
  });
  await all.settled(8_000);
  expect(tries).toBe(4);
  expect(lost).toEqual(['a note: forbidden']);
}, 10_000);

test('it is waited for as long as is said, and not longer', async () => {
  const all = telling();
  all.begin('a note', () => new Promise(() => undefined));
  const started = performance.now();
  await all.settled(50);
  expect(performance.now() - started).toBeLessThan(1_000);
  await telling().settled(50);
});

test('more than can be under way is let go at once', () => {
  const all = telling();
  for (let i = 0; i < 502; i += 1) all.begin(`note ${i}`, () => new Promise(() => undefined));
  expect(lost).toEqual([
    'note 500: too much is waiting to be told',
    'note 501: too much is waiting to be told',
  ]);
});
