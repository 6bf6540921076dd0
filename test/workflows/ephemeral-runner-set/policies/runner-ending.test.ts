import type { ObservedPod } from '../../../../src/messages/observations.ts';
import {
  endingOf,
  sightingDeadline,
} from '../../../../src/workflows/ephemeral-runner-set/policies/runner-ending.ts';
import { aPod, idleRunner, NOW, pendingRunner, seen } from '../builders.ts';

const ending = (pod: Partial<ObservedPod>, hasJob = false) =>
  endingOf(idleRunner('r', { pod: aPod(pod), ...(hasJob ? { hasJob: true } : {}) }), NOW)?.end;

describe('endingOf', () => {
  test.each<[string, Partial<ObservedPod>, string | undefined, string | undefined]>([
    ['running', { phase: 'Running' }, undefined, undefined],
    ['pending', { phase: 'Pending' }, undefined, undefined],
    ['succeeded, but no container status yet', { phase: 'Succeeded' }, undefined, undefined],
    ['exit 0', { phase: 'Succeeded', exitCode: 0 }, 'completed', 'completed'],
    ['exit 0 while a side car failed the pod', { phase: 'Failed', exitCode: 0 }, 'completed', 'completed'],
    ['exit 7', { phase: 'Failed', exitCode: 7 }, 'outdated', 'outdated'],
    ['exit 1', { phase: 'Failed', exitCode: 1 }, 'failed', 'lost'],
    ['exit 1 while the pod still runs', { phase: 'Running', exitCode: 1 }, 'failed', 'lost'],
    ['evicted', { phase: 'Failed', reason: 'Evicted' }, 'failed', 'lost'],
    ['an init container failed', { phase: 'Pending', initFailed: true }, 'failed', 'lost'],
  ])('%s', (_what, pod, withoutJob, withJob) => {
    expect(ending(pod)).toBe(withoutJob);
    expect(ending(pod, true)).toBe(withJob);
  });

  test('a pod that was there and is not: failed, or lost with its job', () => {
    const { pod: _gone, ...left } = seen({ runnerId: 1 });
    expect(endingOf({ name: 'r', podSeen: true, seen: left }, NOW)).toMatchObject({
      end: 'failed',
      reason: 'PodGone',
    });
    expect(endingOf({ name: 'r', podSeen: true, seen: { ...left, hasJob: true } }, NOW)?.end).toBe('lost');
  });

  test('a pod that was made is waited for, but not for ever', () => {
    const made = { name: 'r', madeAt: NOW, seen: seen() };
    const deadline = sightingDeadline(made);
    expect(endingOf(made, deadline - 1)).toBeUndefined();
    expect(endingOf(made, deadline)?.reason).toBe('PodGone');
    expect(sightingDeadline({ ...made, podSeen: true })).toBe(Infinity);
    expect(sightingDeadline({ name: 'r' })).toBe(Infinity);
  });

  test('reason and message are the pod’s own', () => {
    const pod = aPod({ phase: 'Failed', reason: 'OutOfcpu', message: 'Node had no room.' });
    expect(endingOf({ ...pendingRunner('r'), seen: seen({ pod }) }, NOW)).toEqual({
      end: 'failed',
      reason: 'OutOfcpu',
      message: 'Node had no room.',
    });
    expect(endingOf(idleRunner('r', { pod: aPod({ phase: 'Failed', exitCode: 3 }) }), NOW)?.reason).toBe(
      'ExitCode3',
    );
  });

  test('what another controller left as ended is ended', () => {
    expect(endingOf({ name: 'r', seen: seen({ phase: 'Failed' }) }, NOW)?.end).toBe('rejected');
    expect(endingOf({ name: 'r', seen: seen({ phase: 'Outdated' }) }, NOW)?.end).toBe('outdated');
    expect(endingOf({ name: 'r', seen: seen({ phase: 'Succeeded' }) }, NOW)?.end).toBe('completed');
  });
});
