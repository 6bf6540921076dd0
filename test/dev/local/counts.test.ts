import { countScaleSets } from '../../../dev/local/counts.ts';
import type { Observation } from '../../../dev/local/counts.ts';

const observation: Observation = {
  scaleSets: [
    { id: 2, name: 'queue' },
    { id: 1, name: 'demo' },
  ],
  jobs: [
    ...(['queued', 'available', 'assigned', 'running', 'running', 'completed'] as const).map((state) => ({
      scaleSetId: 2,
      state,
    })),
    { scaleSetId: 9, state: 'queued' },
  ],
  runners: [
    { scaleSetId: 2, online: true, busy: true },
    { scaleSetId: 2, online: true, busy: false },
    { scaleSetId: 2, online: false, busy: false },
    { scaleSetId: 1, online: true, busy: false },
  ],
  failed: new Map([[1, 3]]),
};

test('jobs and runners are counted for their scale set, in the order of names', () => {
  expect(countScaleSets(observation)).toEqual([
    { name: 'demo', queued: 0, assigned: 0, running: 0, idle: 1, failed: 3, done: 0 },
    { name: 'queue', queued: 2, assigned: 1, running: 2, idle: 1, failed: 0, done: 1 },
  ]);
});
