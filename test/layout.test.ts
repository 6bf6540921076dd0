import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/** Files without a decision of their own, and why the tests of others are enough. */
const WIRING: Readonly<Record<string, string>> = {
  'src/activities/index.ts': 'hands dependencies to the activities',
  'src/activities/autoscaling-listener/index.ts': 'hands dependencies to the activities of a listener',
  'src/activities/autoscaling-runner-set/index.ts': 'hands dependencies to the activities of a scale set',
  'src/activities/autoscaling-listener/metrics.ts': 'types, and a recorder that records nothing',
  'src/workflows/index.ts': 'lists the workflows; test/messages/recorded-names.test.ts holds the list',
  'src/workflows/ephemeral-runner-set/circumstances.ts': 'a type',
};

/** Tests of what several files do together. */
const OF_SEVERAL: Readonly<Record<string, string>> = {
  'test/workflows/replay.test.ts': 'replays recorded histories through all workflows',
};

const sourcesIn = (root: string): string[] => globSync(`${root}/**/*.ts`, { cwd: ROOT }).sort();

const testOf = (source: string): string => source.replace(/^src/, 'test').replace(/\.ts$/, '.test.ts');

test.each(['src/activities', 'src/workflows'])('each file of %s has a test of its name', (root) => {
  const sources = sourcesIn(root);
  expect(sources).not.toEqual([]);
  const missing = sources.filter((source) => !(source in WIRING) && !existsSync(join(ROOT, testOf(source))));
  expect(missing.map(testOf)).toEqual([]);
});

test.each(['test/activities', 'test/workflows'])('each test of %s is about a file of its name', (root) => {
  const sources = sourcesIn(root)
    .filter((file) => file.endsWith('.test.ts') && !(file in OF_SEVERAL))
    .map((file) => file.replace(/^test/, 'src').replace(/\.test\.ts$/, '.ts'));
  expect(sources.filter((source) => !existsSync(join(ROOT, source)))).toEqual([]);
});

test('what needs no test of its own exists, and has none', () => {
  for (const [source, reason] of Object.entries(WIRING)) {
    expect(reason).not.toBe('');
    expect([source, existsSync(join(ROOT, source))]).toEqual([source, true]);
    expect([source, existsSync(join(ROOT, testOf(source)))]).toEqual([source, false]);
  }
});
