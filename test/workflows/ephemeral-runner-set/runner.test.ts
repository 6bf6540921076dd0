import type { Stage } from '../../../src/messages/ephemeral-runner-set.ts';
import type { RunnerState } from '../../../src/workflows/ephemeral-runner-set/runner.ts';
import {
  hasJob,
  isSupply,
  revisionOfRunner,
  stageOf,
} from '../../../src/workflows/ephemeral-runner-set/runner.ts';
import { aPod, busyRunner, idleRunner, NOW, pendingRunner, seen } from './builders.ts';

test.each<[string, RunnerState, Stage]>([
  ['nothing but a name', { name: 'r' }, 'unfinished'],
  ['an object without a pod', { name: 'r', seen: seen() }, 'unfinished'],
  ['in the hands of a lane', { name: 'r', doing: 'create' }, 'creating'],
  ['its object is seen, its lane is at it', { name: 'r', doing: 'create', seen: seen() }, 'creating'],
  ['made, its lane busy with others', { name: 'r', doing: 'create', madeAt: NOW }, 'pending'],
  [
    'its status says that it was rejected, its lane not yet',
    { name: 'r', doing: 'create', madeAt: NOW, podSeen: true, seen: seen({ phase: 'Failed' }) },
    'creating',
  ],
  ['made, and not seen yet', { name: 'r', madeAt: NOW }, 'pending'],
  ['its pod is pending', pendingRunner(), 'pending'],
  ['its pod runs', idleRunner(), 'idle'],
  ['its pod is unknown to its node', idleRunner('r', { pod: aPod({ phase: 'Unknown' }) }), 'pending'],
  ['it has a job', busyRunner(), 'busy'],
  ['GitHub says it has a job', { ...pendingRunner(), heldByJob: true }, 'busy'],
  ['its job is over', { ...busyRunner(), jobEndedAt: NOW }, 'ending'],
  ['its pod is going with its job', idleRunner('r', { hasJob: true, pod: aPod({ going: true }) }), 'ending'],
  ['its container ended well', idleRunner('r', { pod: aPod({ ended: true, exitCode: 0 }) }), 'unclear'],
  ['it ended, with its job', { ...busyRunner(), end: 'lost' }, 'ended'],
  ['it ended, its object stays', { ...idleRunner(), end: 'outdated', settled: true }, 'ended'],
  ['it is being retired', { ...busyRunner(), end: 'completed', doing: 'retire' }, 'leaving'],
  ['someone deletes it', idleRunner('r', { deleting: true, hasJob: true }), 'leaving'],
  ['it was retired', { ...idleRunner(), retired: true }, 'leaving'],
])('the stage of a runner: %s', (_what, runner, stage) => {
  expect(stageOf(runner)).toBe(stage);
  expect(isSupply(runner)).toBe(!['ending', 'ended', 'leaving'].includes(stage));
});

test('a job is what the cluster shows, or what GitHub said', () => {
  expect(hasJob(busyRunner())).toBe(true);
  expect(hasJob({ ...idleRunner(), heldByJob: true })).toBe(true);
  expect(hasJob({ ...idleRunner(), heldByJob: false })).toBe(false);
  expect(hasJob({ name: 'r' })).toBe(false);
});

test('a runner is of the revision it was made from; one that was not seen yet, of the current one', () => {
  expect(revisionOfRunner(idleRunner(), 'r2')).toBe('r1');
  expect(revisionOfRunner({ name: 'r', doing: 'create' }, 'r2')).toBe('r2');
});
