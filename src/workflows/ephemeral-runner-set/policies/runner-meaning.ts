/** What is known of a runner: its pod, its containers, and what GitHub said of it. Absent: no, or not known. */
export interface RunnerFacts {
  /** A pod is there, in this phase. */
  phase?: string | undefined;
  /** It was there, and is not any more. */
  gone?: boolean | undefined;
  /** Its pod was made, and need not have been seen yet. */
  made?: boolean | undefined;
  /** The pod has ended, or its runner has. */
  ended?: boolean | undefined;
  /** Of the container `runner`. */
  exitCode?: number | undefined;
  disrupted?: boolean | undefined;
  /** The pod is being deleted, or its node no longer answers. */
  going?: boolean | undefined;
  /** `status.phase` where somebody left it as one that is over. */
  leftAs?: 'Failed' | 'Outdated' | 'Succeeded' | undefined;
  /** It has a job, or had one. */
  hasJob?: boolean | undefined;
  /** GitHub said that its job has ended. */
  jobOver?: boolean | undefined;
  /** It goes on for too long after its job. */
  outlived?: boolean | undefined;
  /** It has ended, and GitHub still waits for it: no job ever reached it. */
  unused?: boolean | undefined;
  /** It had been up for a while. */
  settledIn?: boolean | undefined;
  /** It belongs to no set: nobody asks GitHub about it. */
  standalone?: boolean | undefined;
}

/** What a runner is. The first group goes on; the second is over, and the name says how it ended. */
export type RunnerMeaning =
  | 'unfinished'
  | 'pending'
  | 'idle'
  | 'busy'
  // no supply, and not over: its job has ended, or its pod is going with its job
  | 'ending'
  // its container ended well, and nobody told of a job: GitHub is asked
  | 'unclear'
  | 'completed'
  | 'outdated'
  | 'rejected'
  | 'lost'
  | 'disrupted'
  | 'failed'
  | 'outlived';

/** The exit code by which the runner says that GitHub no longer accepts its version. */
const DEPRECATED_VERSION = 7;

type Row = readonly [RunnerMeaning, (facts: RunnerFacts) => boolean | undefined];

const isWell = ({ exitCode, phase }: RunnerFacts): boolean =>
  exitCode === 0 || (exitCode === undefined && phase === 'Succeeded');

/** The first row that holds counts. */
const TABLE: readonly Row[] = [
  // There is no pod, and its own status says that it is over, as another controller may have left it.
  ['rejected', ({ phase, leftAs }) => phase === undefined && leftAs === 'Failed'],
  ['outdated', ({ phase, leftAs }) => phase === undefined && leftAs === 'Outdated'],
  ['completed', ({ phase, leftAs }) => phase === undefined && leftAs === 'Succeeded'],
  // The pod has ended.
  ['outdated', ({ ended, exitCode }) => ended && exitCode === DEPRECATED_VERSION],
  ['completed', ({ ended, jobOver }) => ended && jobOver],
  ['completed', (facts) => facts.ended && isWell(facts) && (facts.hasJob ?? facts.standalone)],
  ['lost', ({ ended, hasJob }) => ended && hasJob],
  ['disrupted', ({ ended, disrupted, going }) => ended && (disrupted ?? going)],
  ['disrupted', (facts) => facts.ended && isWell(facts) && facts.unused && facts.settledIn],
  ['failed', (facts) => facts.ended && isWell(facts) && facts.unused],
  ['unclear', (facts) => facts.ended && isWell(facts)],
  ['failed', ({ ended }) => ended],
  // The pod is gone.
  ['completed', ({ gone, jobOver }) => gone && jobOver],
  ['lost', ({ gone, hasJob }) => gone && hasJob],
  ['disrupted', ({ gone }) => gone],
  // The pod is there, and GitHub has the last word on its job.
  ['outlived', ({ outlived }) => outlived],
  ['ending', ({ jobOver }) => jobOver],
  ['ending', ({ going, hasJob }) => going && hasJob],
  ['disrupted', ({ going }) => going],
  ['busy', ({ hasJob }) => hasJob],
  ['idle', ({ phase }) => phase === 'Running'],
  ['pending', ({ phase, made }) => phase !== undefined || made],
  ['unfinished', () => true],
];

/** What a pod, its containers and GitHub's word mean together: the one place where that is decided. */
export const meaningOf = (facts: RunnerFacts): RunnerMeaning =>
  TABLE.find(([, holds]) => holds(facts) === true)?.[0] ?? 'unfinished';
