/** Signals that ask a process to end, and their numbers. */
const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

/** What is needed of a process. */
export interface FirstProcess {
  pid: number;
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  listenerCount(signal: NodeJS.Signals): number;
  exit(code: number): void;
}

/**
 * Lets the first process of a container end by a signal that nobody else waits for, as any other process does. The kernel
 * spares it otherwise, and a pod that is deleted while it starts would take its whole grace period.
 */
export function endWhenTold(ours: FirstProcess = process): void {
  if (ours.pid !== 1) return;
  for (const [name, number] of Object.entries(SIGNALS)) {
    const signal = name as keyof typeof SIGNALS;
    ours.on(signal, () => {
      if (ours.listenerCount(signal) === 1) ours.exit(128 + number);
    });
  }
}
