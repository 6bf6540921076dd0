import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What people are told to look for is what the code says, and what only they can repair is among it. */

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const sources = globSync('src/**/*.ts', { cwd: ROOT }).map(read).join('\n');
const guide = read('docs/troubleshooting.md');

/** Words of Kubernetes' own. */
const OF_OTHERS = ['Status', 'FailedScheduling'];

const reasonsIn = (text: string): string[] => [
  ...new Set([...text.matchAll(/`([A-Z][a-z]+(?:[A-Z][A-Za-z]+)*)`/g)].map(([, word = '']) => word)),
];

test.each(reasonsIn(guide).filter((reason) => !OF_OTHERS.includes(reason)))(
  '%s is said by the code',
  (reason) => {
    expect(sources.includes(`'${reason}'`) || isComposed(reason)).toBe(true);
  },
);

/** `WatchForbidden` and its like are put together. */
const isComposed = (reason: string): boolean =>
  /^Watch/.test(reason) && sources.includes(`'${reason.replace(/^Watch/, '')}'`);

test('every reason for which somebody must act is explained here or in docs/operations.md', () => {
  const stalling = [
    ...(/STALLING[^[]*\[([^;]*)\]\)/.exec(read('src/api/kstatus.ts'))?.[1] ?? '').matchAll(/'(\w+)'/g),
  ];
  expect(stalling.length).toBeGreaterThan(20);
  const explained = `${guide}\n${read('docs/operations.md')}`;
  expect(stalling.map(([, reason = '']) => reason).filter((reason) => !explained.includes(reason))).toEqual(
    [],
  );
});
