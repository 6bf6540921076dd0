import { INT32_MAX } from '../../../../src/api/int32.ts';
import type {
  RunnerLimits,
  Scaling,
} from '../../../../src/activities/autoscaling-listener/policies/desired-replicas.ts';
import {
  NO_SCALING,
  nextOrder,
} from '../../../../src/activities/autoscaling-listener/policies/desired-replicas.ts';

const limits = (minRunners = 0, maxRunners = INT32_MAX): RunnerLimits => ({ minRunners, maxRunners });

interface Call {
  count: number;
  /** A job started or completed before. */
  dirty?: true;
  order: [patchID: number, replicas: number];
}

/** The worked values of the protocol: scaling state machine. */
const WORKED: [string, RunnerLimits, Call[]][] = [
  ['the first order of a listener is exact', limits(), [{ count: 0, order: [0, 0] }]],
  [
    'a job that waits is ordered once, and the order is numbered',
    limits(),
    [
      { count: 1, order: [0, 1] },
      { count: 1, order: [1, 1] },
    ],
  ],
  [
    'after a job has ended, the floor is not exact at once',
    limits(),
    [
      { count: 1, order: [0, 1] },
      { count: 0, dirty: true, order: [1, 0] },
    ],
  ],
  [
    'minRunners come on top, and an idle poll at the floor is exact',
    limits(1),
    [
      { count: 3, order: [0, 4] },
      { count: 0, dirty: true, order: [1, 1] },
      { count: 0, order: [0, 1] },
      { count: 2, order: [3, 3] },
    ],
  ],
  ['never more than maxRunners', limits(0, 5), [{ count: 6, order: [0, 5] }]],
  ['minRunners and jobs together stay below maxRunners', limits(1, 3), [{ count: 4, order: [0, 3] }]],
];

test.each(WORKED)('%s', (_what, bounds, calls) => {
  let scaling: Scaling = NO_SCALING;
  for (const { count, dirty, order } of calls) {
    if (dirty) scaling = { ...scaling, dirty };
    const next = nextOrder(scaling, bounds, count);
    scaling = next.scaling;
    expect([next.order.patchID, next.order.replicas]).toEqual(order);
  }
});

test('the numbering goes on where the listener before left off', () => {
  const before: Scaling = { targetRunners: 4, patchSeq: 41, dirty: false };
  expect(nextOrder(before, limits(), 4)).toEqual({
    scaling: { targetRunners: 4, patchSeq: 42, dirty: false },
    order: { patchID: 42, replicas: 4 },
  });
});

test('the numbering begins anew before it overflows, and not with the exact 0', () => {
  const before: Scaling = { targetRunners: 4, patchSeq: INT32_MAX, dirty: false };
  expect(nextOrder(before, limits(), 5).order).toEqual({ patchID: 1, replicas: 5 });
});
