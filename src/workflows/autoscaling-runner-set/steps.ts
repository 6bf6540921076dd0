import type { ObservedChildListener, ObservedChildRunnerSet } from '../../messages/observations.ts';

/** What to do next; `key` says for which reason, so that the same is not done again and again. */
export type Step =
  | { name: 'prepare'; key: string }
  | { name: 'apply'; key: string; hold?: true }
  | {
      name: 'drop';
      key: string;
      empty: string[];
      runnerSets: ObservedChildRunnerSet[];
      listeners: ObservedChildListener[];
    }
  | { name: 'remove'; key: string; force?: true }
  | { name: 'release'; key: string };

/** A reason in one line. */
export const keyOf = (...parts: (string | number | boolean | undefined)[]): string =>
  parts.map((part) => String(part ?? '')).join(' ');

/** The step that takes these children away, `undefined` for none: `empty` is scaled down, the others are deleted. */
export function dropStep({
  empty = [],
  runnerSets = [],
  listeners = [],
}: {
  empty?: ObservedChildRunnerSet[];
  runnerSets?: ObservedChildRunnerSet[];
  listeners?: ObservedChildListener[];
}): Step | undefined {
  if (empty.length + runnerSets.length + listeners.length === 0) return undefined;
  const uids = [...runnerSets, ...listeners].map(({ uid }) => uid).sort();
  const names = empty.map(({ name }) => name).sort();
  return { name: 'drop', key: keyOf(...uids, ...names), empty: names, runnerSets, listeners };
}
