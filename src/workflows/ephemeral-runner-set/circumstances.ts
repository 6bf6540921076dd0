/** What is under way right now, beside the state. */
export interface Circumstances {
  /** Milliseconds since the epoch. */
  now: number;
  /** Runners being created at the same time right now. */
  lanes: number;
  /** Retiring activities that run. */
  retirements: number;
  /** A status is being written. */
  publishing: boolean;
  /** Milliseconds since the epoch: no other is written before. */
  mayPublishAt: number;
  /** GitHub is being asked about idle runners. */
  checking: boolean;
  /** Milliseconds since the epoch: it is not asked before. */
  mayCheckAt: number;
  /** Preparing to continue as new: begin nothing. */
  draining: boolean;
  newName: () => string;
}
