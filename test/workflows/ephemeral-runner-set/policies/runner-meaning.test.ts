import type {
  RunnerFacts,
  RunnerMeaning,
} from '../../../../src/workflows/ephemeral-runner-set/policies/runner-meaning.ts';
import { meaningOf } from '../../../../src/workflows/ephemeral-runner-set/policies/runner-meaning.ts';

const running = { phase: 'Running' } as const;
const zero = { ...running, ended: true, exitCode: 0 } as const;
const evicted = { phase: 'Failed', ended: true, disrupted: true } as const;
const gone = { gone: true, made: true } as const;

describe('what a runner means', () => {
  test.each<[string, RunnerFacts, RunnerMeaning]>([
    ['nothing is known', {}, 'unfinished'],
    ['its pod was made', { made: true }, 'pending'],
    ['its pod is pending', { phase: 'Pending' }, 'pending'],
    ['its pod is of a phase of the future', { phase: 'Unknown' }, 'pending'],
    ['its pod runs', running, 'idle'],
    ['it has a job', { ...running, hasJob: true }, 'busy'],
    ['GitHub says that it has a job while it is pending', { phase: 'Pending', hasJob: true }, 'busy'],
    // GitHub has the last word on the job.
    ['its job is over', { ...running, hasJob: true, jobOver: true }, 'ending'],
    ['its job is over, its start was never told', { ...running, jobOver: true }, 'ending'],
    [
      'its job has been over for too long',
      { ...running, hasJob: true, jobOver: true, outlived: true },
      'outlived',
    ],
    // The pod is going.
    ['its pod is deleted', { ...running, going: true }, 'disrupted'],
    ['its pod is deleted before it runs', { phase: 'Pending', going: true }, 'disrupted'],
    ['its pod is deleted with its job', { ...running, going: true, hasJob: true }, 'ending'],
    ['its node is lost after its job', { ...running, going: true, hasJob: true, jobOver: true }, 'ending'],
    // The pod has ended.
    ['exit 0 after a job', { ...zero, hasJob: true }, 'completed'],
    [
      'exit 0 after a job, while a side car failed the pod',
      { ...zero, phase: 'Failed', hasJob: true },
      'completed',
    ],
    [
      'it succeeded, without a status of its container',
      { phase: 'Succeeded', ended: true, hasJob: true },
      'completed',
    ],
    ['exit 0, no job was told of', zero, 'unclear'],
    ['exit 0, no job was told of, of no set', { ...zero, standalone: true }, 'completed'],
    ['exit 0, GitHub still waits for it', { ...zero, unused: true }, 'failed'],
    [
      'exit 0, GitHub still waits for it, after a while',
      { ...zero, unused: true, settledIn: true },
      'disrupted',
    ],
    ['exit 0 while its pod is deleted', { ...zero, going: true }, 'disrupted'],
    ['exit 0 of a drained node', { ...zero, disrupted: true }, 'disrupted'],
    ['exit 1 without a job', { ...zero, exitCode: 1 }, 'failed'],
    ['exit 1 with its job', { ...zero, exitCode: 1, hasJob: true }, 'lost'],
    ['exit 1 after its job', { ...zero, exitCode: 1, hasJob: true, jobOver: true }, 'completed'],
    ['exit 143 while its pod is deleted', { ...zero, exitCode: 143, going: true }, 'disrupted'],
    ['exit 7', { ...zero, exitCode: 7 }, 'outdated'],
    ['exit 7 with a job', { ...zero, exitCode: 7, hasJob: true }, 'outdated'],
    ['it failed, and nobody knows why', { phase: 'Failed', ended: true }, 'failed'],
    ['an init container failed', { phase: 'Pending', ended: true }, 'failed'],
    ['evicted without a job', evicted, 'disrupted'],
    ['evicted with its job', { ...evicted, hasJob: true }, 'lost'],
    ['evicted after its job', { ...evicted, hasJob: true, jobOver: true }, 'completed'],
    // The pod is gone.
    ['its pod is gone', gone, 'disrupted'],
    ['its pod is gone with its job', { ...gone, hasJob: true }, 'lost'],
    ['its pod is gone after its job', { ...gone, hasJob: true, jobOver: true }, 'completed'],
    // Its own status, as another controller may have left it.
    ['left as Failed', { leftAs: 'Failed' }, 'rejected'],
    ['left as Outdated, its pod taken away', { ...gone, leftAs: 'Outdated' }, 'outdated'],
    ['left as Succeeded', { leftAs: 'Succeeded' }, 'completed'],
    ['called Failed by somebody while its pod runs', { ...running, leftAs: 'Failed' }, 'idle'],
  ])('%s', (_what, facts, meaning) => {
    expect(meaningOf(facts)).toBe(meaning);
  });
});
