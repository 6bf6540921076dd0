import { randomUUID } from 'node:crypto';
import type { Clock } from './clock.ts';

/** The one listener that a scale set may have. */
export interface Session {
  id: string;
  owner: string;
  token: string;
  /** Refuses the token until the session is refreshed. */
  isTokenExpired: boolean;
  /** When it was last heard of; a poll that is held counts all the time. */
  seenAt: number;
}

/** A session with a token of its own. `now` in milliseconds since the epoch. */
export const newSession = (owner: string, now: number): Session => ({
  id: randomUUID(),
  owner,
  token: randomUUID(),
  isTokenExpired: false,
  seenAt: now,
});

interface QueuedMessage {
  id: number;
  /** Job messages, 50 at most. */
  elements: object[];
}

/** A scale set's messages, kept until they are acknowledged. */
export interface MessageQueue {
  push(element: object): void;
  /** The first unacknowledged message after `lastId`, if any. */
  peek(lastId: number): QueuedMessage | undefined;
  acknowledge(id: number): void;
  /** Resolves when there may be a message, when `ms` have passed, or when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  wake(): void;
}

const LARGEST_MESSAGE = 50;

/** Real ids were seen near this. */
const FIRST_ID = 100_000_000;

/** How messages are gathered. */
export interface QueueOptions {
  /** How long a waiting poll lets more elements gather after the first, by the machine's time. */
  batchMs: number;
  clock: Clock;
}

/** An empty queue. */
export function createMessageQueue({ batchMs, clock }: QueueOptions): MessageQueue {
  const messages: QueuedMessage[] = [];
  const pending: object[] = [];
  const waiting = new Set<() => void>();
  let lastId = FIRST_ID;
  let timer: NodeJS.Timeout | undefined;
  const wake = (): void => {
    for (const resume of waiting) resume();
  };
  const cut = (): void => {
    while (pending.length > 0)
      messages.push({ id: (lastId += 1), elements: pending.splice(0, LARGEST_MESSAGE) });
  };
  return {
    push: (element) => {
      pending.push(element);
      timer ??= setTimeout(() => {
        timer = undefined;
        wake();
      }, batchMs).unref();
    },
    peek: (after) => {
      cut();
      return messages.find(({ id }) => id > after);
    },
    acknowledge: (id) => {
      const index = messages.findIndex((message) => message.id === id);
      if (index >= 0) messages.splice(index, 1);
    },
    wait: (ms, signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          waiting.delete(done);
          limit.cancel();
          signal.removeEventListener('abort', done);
          resolve();
        };
        const limit = clock.after(ms, done);
        waiting.add(done);
        signal.addEventListener('abort', done);
        if (signal.aborted) done();
      }),
    wake,
  };
}
