import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '..', '..');

/** What each function of ours does with the resource that it is given. */
const HELPERS: Record<string, readonly string[]> = {
  setFinalizer: ['get', 'patch'],
  writeStatus: ['get', 'patch /status'],
  following: ['list', 'watch'],
  reflect: ['list', 'watch'],
  keep: ['get', 'create', 'patch'],
  deleteOwned: ['get', 'delete'],
};

/** What each function of the client does; `mergePatch` may be of a subresource. */
const CLIENT: Record<string, string> = {
  create: 'create',
  get: 'get',
  list: 'list',
  listPages: 'list',
  mergePatch: 'patch',
  dropFinalizer: 'patch',
  delete: 'delete',
  deleteCollection: 'deletecollection',
  watch: 'watch',
};

/** What holds a client is called so. */
const CLIENTS = /(^|\.)(kubernetes|reads|client|cluster)$/;

/** One use of a resource: a verb, with `/status` where it is of that, or why it is none. */
interface Use {
  verb: string;
}

/** What the code does with the API server, as far as it can be read off it. */
export interface CallsInSource {
  /** `patch ephemeralrunners/status`, by file. */
  calls: Map<string, string[]>;
  /** Uses of a resource that are none of those known here: extend this file. */
  unknown: string[];
}

/**
 * Finds every use of a constant of src/kubernetes/client/resources.ts in the code below a folder. No call can be made
 * without one of them, so none is missed: what a use is for must be known here, or it is listed as unknown.
 */
export function callsIn(folder: string, plurals: Readonly<Record<string, string>>): CallsInSource {
  const found: CallsInSource = { calls: new Map(), unknown: [] };
  for (const path of filesBelow(join(root, folder))) {
    const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
    const file = relative(root, path);
    for (const [name, use] of usesIn(source, plurals)) {
      const verbs = verbsOf(use, source);
      if (!verbs) {
        const { line } = source.getLineAndCharacterOfPosition(use.getStart());
        found.unknown.push(`${file}:${line + 1} ${name}`);
      }
      for (const { verb } of verbs ?? []) {
        const [bare = '', subresource = ''] = verb.split(' ');
        const call = `${bare} ${plurals[name] ?? ''}${subresource}`;
        found.calls.set(call, [...new Set([...(found.calls.get(call) ?? []), file])]);
      }
    }
  }
  return found;
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
    // The table itself.
    .filter((path) => !path.endsWith('kubernetes/permissions.ts'));

/** Identifiers that stand for a resource's constant: those that were imported, outside of types. */
function usesIn(source: ts.SourceFile, plurals: Readonly<Record<string, string>>): [string, ts.Identifier][] {
  const imported = source.statements
    .filter(ts.isImportDeclaration)
    .filter(({ moduleSpecifier }) => moduleSpecifier.getText(source).includes('client/resources.ts'))
    .flatMap(({ importClause }) => {
      const bindings = importClause?.namedBindings;
      return bindings && ts.isNamedImports(bindings) ? bindings.elements.map(({ name }) => name.text) : [];
    })
    .filter((name) => name in plurals);
  return imported.flatMap((name) =>
    identifiers(source, name).map((use) => [name, use] as [string, ts.Identifier]),
  );
}

function identifiers(source: ts.SourceFile, name: string): ts.Identifier[] {
  const found: ts.Identifier[] = [];
  const visit = (node: ts.Node): void => {
    const isElsewhere =
      ts.isImportDeclaration(node) ||
      ts.isTypeNode(node) ||
      (ts.isPropertyAccessExpression(node) && node.name.text === name && visitOnly(node.expression));
    if (isElsewhere) return;
    if (ts.isIdentifier(node) && node.text === name && isReference(node)) found.push(node);
    node.forEachChild(visit);
  };
  const visitOnly = (node: ts.Node): true => {
    visit(node);
    return true;
  };
  visit(source);
  return found;
}

/** Neither the name of a property, nor one that is declared. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAssignment(parent) || ts.isVariableDeclaration(parent) || ts.isBindingElement(parent))
    return parent.name !== node;
  return !ts.isParameter(parent) && !ts.isPropertySignature(parent);
}

/** @returns `undefined` when the use is not understood */
function verbsOf(node: ts.Expression, source: ts.SourceFile): Use[] | undefined {
  const { parent } = node;
  if (ts.isAsExpression(parent) || ts.isParenthesizedExpression(parent)) return verbsOf(parent, source);
  if (ts.isConditionalExpression(parent) && parent.condition !== node) return verbsOf(parent, source);
  // Its kind or its plural is asked for: that is no call.
  if (ts.isPropertyAccessExpression(parent)) return [];
  if (ts.isPropertyAssignment(parent)) return verbsOf(parent.parent, source);
  if (ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name))
    return ofVariable(parent.name, source);
  if (ts.isCallExpression(parent)) return ofCall(parent, source);
  // A row of a table: whoever walks through it names a member `resource`, or shows them only.
  if (ts.isArrayLiteralExpression(parent)) return verbsOf(parent, source);
  return undefined;
}

function ofVariable({ text }: ts.Identifier, source: ts.SourceFile): Use[] | undefined {
  const known = TABLES[text];
  if (known) return known.map((verb) => ({ verb }));
  const uses = identifiers(source, text).filter((use) => !ts.isVariableDeclaration(use.parent));
  const all = uses.map((use) =>
    ts.isSpreadAssignment(use.parent) ? verbsOf(use.parent.parent, source) : verbsOf(use, source),
  );
  return all.some((each) => each === undefined) ? undefined : all.flatMap((each) => each ?? []);
}

/** Constants that hold several resources, and what is done with each: `unprotect`, and what refusals are called by. */
const TABLES: Record<string, readonly string[]> = { PROTECTED: ['patch'], RESOURCES: [] };

function ofCall(call: ts.CallExpression, source: ts.SourceFile): Use[] | undefined {
  const { expression } = call;
  if (ts.isIdentifier(expression))
    return (HELPERS[expression.text] ?? READERS[expression.text])?.map((verb) => ({ verb }));
  if (!ts.isPropertyAccessExpression(expression)) return undefined;
  const verb = CLIENT[expression.name.text];
  if (verb === undefined || !CLIENTS.test(expression.expression.getText(source))) return undefined;
  return [{ verb: verb === 'patch' && isOfStatus(call, source) ? 'patch /status' : verb }];
}

/** Of the command; and what only builds an object, or says which one it is. */
const READERS: Record<string, readonly string[]> = {
  read: ['get', 'list'],
  controlledBy: [],
};

function isOfStatus({ arguments: given }: ts.CallExpression, source: ts.SourceFile): boolean {
  const last = given.at(-1);
  if (!last) return false;
  const isSaid = /subresource: 'status'/;
  if (!ts.isIdentifier(last)) return isSaid.test(last.getText(source));
  return (
    identifiers(source, last.text).some(
      ({ parent }) => ts.isVariableDeclaration(parent) && isSaid.test(parent.getText(source)),
    ) || new RegExp(`const ${last.text} = \\{ subresource: 'status'`).test(source.text)
  );
}
