import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '..');

const sources = ['src', 'dev', 'bench'].flatMap((room) =>
  readdirSync(join(root, room), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name))),
);

const isExported = (statement: ts.Statement): boolean =>
  ts.canHaveModifiers(statement) &&
  ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;

/** A comment about a whole file, with an empty line below it, says nothing of its first export. */
function hasDocComment(statement: ts.Statement, text: string): boolean {
  const last = ts.getLeadingCommentRanges(text, statement.getFullStart())?.at(-1);
  if (!last || !text.startsWith('/**', last.pos)) return false;
  return /^[ \t]*\r?\n?[ \t]*$/.test(text.slice(last.end, statement.getStart()));
}

const nameOf = (statement: ts.Statement): string =>
  ts.isVariableStatement(statement)
    ? statement.declarationList.declarations.map(({ name }) => name.getText()).join(', ')
    : ((statement as ts.DeclarationStatement).name?.getText() ?? 'default');

/** `file:line name` of every export of this source that nothing is said of. Re-exports are documented where they are from. */
function bareExports(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  return source.statements
    .filter((statement) => isExported(statement) && !hasDocComment(statement, text))
    .map((statement) => {
      const { line } = source.getLineAndCharacterOfPosition(statement.getStart());
      return `${file}:${line + 1} ${nameOf(statement)}`;
    });
}

test('every export has a doc comment of its own', () => {
  expect(sources.length).toBeGreaterThan(200);
  expect(sources.flatMap((file) => bareExports(file, readFileSync(join(root, file), 'utf8')))).toEqual([]);
});

test.each([
  ['/** One. */\nexport const one = 1;', []],
  ['export const one = 1;', ['a.ts:1 one']],
  ['/** About the file. */\n\nexport const one = 1;', ['a.ts:3 one']],
  ['/** One. */\nexport const one = 1;\nexport const two = 2;', ['a.ts:3 two']],
  ['// One.\nexport function one() {}', ['a.ts:2 one']],
  ["/** About the file. */\nimport './b.ts';\nexport interface One {}", ['a.ts:3 One']],
  ["export { one } from './b.ts';", []],
])('of %j, bare are %j', (text, bare) => {
  expect(bareExports('a.ts', text)).toEqual(bare);
});
