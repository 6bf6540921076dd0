import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Workflows load src/messages and most of src/api, and so do those who only send a message: both must load nothing. */
const SRC = join(import.meta.dirname, '../../src');

/** What is used to judge and to generate; it may load libraries. */
const HEAVY = ['api/crd.ts', 'api/schema/', 'api/validation/'];

/** Libraries that workflows are made of, and the only files that load more of them than types. */
const AT_HOME: Partial<Record<string, string[]>> = {
  'messages/search-attributes.ts': ['@temporalio/common'],
};

/** What a text imports, or passes on, for more than its types. */
const loadedBy = (text: string): string[] =>
  [
    /^(?:import|export) (?!type\b)(?:[^'";]*from )?'([^']+)'/gm,
    /\bimport\('([^']+)'\)/g,
    /\brequire\('([^']+)'\)/g,
  ].flatMap((pattern) => [...text.matchAll(pattern)].map(([, from = '']) => from));

const filesOf = (room: string): string[] =>
  readdirSync(join(SRC, room), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(room, name));

const isHeavy = (file: string): boolean => HEAVY.some((heavy) => file.startsWith(heavy));

const messages = filesOf('messages');
const api = filesOf('api').filter((file) => !isHeavy(file));

function strangersIn(file: string, light: string[]): string[] {
  const path = join(SRC, file);
  const loaded = loadedBy(readFileSync(path, 'utf8')).map((from) =>
    from.startsWith('.') ? relative(SRC, join(dirname(path), from)) : from,
  );
  return loaded.filter((from) => ![...light, ...(AT_HOME[file] ?? [])].includes(from));
}

test.each(api)('src/%s may enter a workflow: it loads nothing but its like', (file) => {
  expect(strangersIn(file, api)).toEqual([]);
});

test.each(messages)('src/%s may be loaded by every sender: it loads nothing but its like', (file) => {
  expect(strangersIn(file, [...messages, ...api])).toEqual([]);
});

test('folders at any depth are looked at, and what may be heavy is there', () => {
  expect(api).toEqual(expect.arrayContaining(['api/names.ts', 'api/v1alpha1/group.ts']));
  expect(messages).toContain('messages/observations.ts');
  for (const heavy of HEAVY) expect(filesOf('api').some((file) => file.startsWith(heavy))).toBe(true);
  for (const file of Object.keys(AT_HOME)) expect(strangersIn(file, messages)).toEqual([]);
});

test.each([
  ["import { a } from './a.ts';", ['./a.ts']],
  ["import {\n  a,\n  type B,\n} from 'typebox';", ['typebox']],
  ["import './effect.ts';", ['./effect.ts']],
  ["import * as all from 'x';", ['x']],
  ["export * from './b.ts';", ['./b.ts']],
  ["export { c } from './c.ts';", ['./c.ts']],
  ["const d = await import('./d.ts');", ['./d.ts']],
  ["import type { E } from 'e';", []],
  ["export type { F } from 'f';", []],
  ["export const text = 'from';\nimport { g } from 'g';", ['g']],
])('what a file loads is found: %j', (text, expected) => {
  expect(loadedBy(text)).toEqual(expected);
});
