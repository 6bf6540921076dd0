import type { CounterSum } from '../worker-process.ts';
import type { Side } from '../servers.ts';

/** What is measured: makes runners for the jobs of a scale set. */
export interface JobsSystem {
  /** Where its runners are. */
  readonly side: Side;
  /** Serves a new scale set; resolves once it listens and is at rest. */
  open(name: string, maxRunners: number): Promise<OpenScaleSet>;
  /** Requests to Kubernetes so far. */
  kubernetesRequests(): Promise<CounterSum>;
  /** CPU time so far, in seconds. */
  cpuSeconds(): Promise<number>;
  /** Since the last call. */
  takePeakRssMiB(): number | undefined;
  /** Rejects when its process ends before the work is done. */
  alive<T>(work: Promise<T>): Promise<T>;
  /** Kills it as a crash would, and starts it again at once. Resolves when it takes work again. */
  crash?(): Promise<void>;
  stop(): Promise<void>;
}

/** A scale set that takes jobs. */
export interface OpenScaleSet {
  /** At GitHub. */
  id: number;
  /** Events of the scale set's workflows so far, by workflow. */
  historyEvents?(): Promise<Record<string, number>>;
  close(): Promise<void>;
}
