/** How runners are made and replaced. Comes from the worker's configuration and travels with each snapshot. */
export interface RunnerSettings {
  /** The largest number of runners of one set that are being created at the same time. */
  runnerCreationConcurrency: number;
  /** Seconds until a failed runner is replaced, by number of failures in a row; the last entry repeats. */
  failureBackoffSeconds: number[];
  /** From this number of failures in a row on, one runner at a time is tried. */
  maxConsecutiveFailures: number;
}
