import { Backoff } from '../../../../src/activities/cluster-watch/oversight/backoff.ts';

test('each has its turn at intervals of its own, which grow until it was long not needed', () => {
  let now = 0;
  const paced = new Backoff(
    (times) => times * 10,
    () => now,
  );
  const begins = (at: number, id = 'a') => ((now = at), paced.begin(id));
  expect([begins(0), begins(9), begins(10), begins(29), begins(30)]).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
  expect([begins(30, 'b'), begins(39, 'b'), begins(40, 'b')]).toEqual([true, false, true]);
  now = 161;
  paced.forgetAfter(100);
  expect([begins(161), begins(170), begins(171)]).toEqual([true, false, true]);
});
