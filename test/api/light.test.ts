import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOM = join(import.meta.dirname, '../../src/api');

/** What the workers use to judge and to generate; it may load libraries. */
const HEAVY = ['contradictions.ts', 'crd.ts', 'field-path.ts', 'validate.ts'];

/** Libraries that workflows are made of. */
const AT_HOME = ['@temporalio/common'];

/** What a file imports for more than its types. */
const importsOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^import (?!type\b)[^']*'([^']+)'/gm)].map(([, from = '']) => from);

const light = readdirSync(ROOM).filter((name) => name.endsWith('.ts') && !HEAVY.includes(name));

test.each(light)('%s may enter a workflow: it loads nothing but its like', (name) => {
  const file = join(ROOM, name);
  const loaded = importsOf(file).map((from) =>
    from.startsWith('.') ? relative(ROOM, join(dirname(file), from)) : from,
  );
  expect(loaded.filter((from) => ![...light, ...AT_HOME].includes(from))).toEqual([]);
});
