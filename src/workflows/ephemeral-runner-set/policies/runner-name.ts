import { runnerNamePrefix, SAFE_CHARACTERS } from '../../../api/names.ts';

const SUFFIX_LENGTH = 5;

/**
 * A name for a new runner: the set's prefix and five random characters that no runner of the set has. The workflow's
 * random numbers are replayed, so that a retry of the creation uses the same name.
 */
export function newRunnerName(
  { name = '' }: { name?: string },
  taken: { has(name: string): boolean },
): string {
  for (;;) {
    const candidate = runnerNamePrefix(name) + randomSuffix();
    if (!taken.has(candidate)) return candidate;
  }
}

const randomSuffix = (): string =>
  Array.from({ length: SUFFIX_LENGTH }, () =>
    SAFE_CHARACTERS.charAt(Math.floor(Math.random() * SAFE_CHARACTERS.length)),
  ).join('');
