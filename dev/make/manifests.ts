/**
 * Writes crds/: one CustomResourceDefinition per file, made from the schemas in src/api; and the rules of the charts' roles.
 *
 *   node dev/make/manifests.ts           writes the files
 *   node dev/make/manifests.ts --check   writes nothing; exits with 1 when a file is not what it would write
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { crdOf } from '../../src/api/crd.ts';
import { GROUP, KINDS, PLURALS } from '../../src/api/v1alpha1/group.ts';
import { ruleTemplates } from './permissions.ts';

const ROOT = new URL('../../', import.meta.url);
const HEADER = '# Generated from src/api by dev/make/manifests.ts: change the schema there, not this file.\n';

/** Every CustomResourceDefinition, by the path of its file. */
export const manifests = (): Map<string, string> =>
  new Map(
    KINDS.map((kind) => [
      `crds/${GROUP}_${PLURALS[kind]}.yaml`,
      // No anchors: what repeats is written out, so that every reader of YAML understands the file.
      HEADER + stringify(crdOf(kind), { aliasDuplicateObjects: false, lineWidth: 0 }),
    ]),
  );

/** The files that differ from what would be written, or are missing. */
export const staleManifests = (): string[] =>
  written()
    .filter(([path, content]) => contentOf(path) !== content)
    .map(([path]) => path);

const written = (): [path: string, content: string][] => [...manifests(), ...ruleTemplates()];

const contentOf = (path: string): string | undefined => {
  const file = new URL(path, ROOT);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
};

const write = (): void => {
  for (const [path, content] of written()) writeFileSync(new URL(path, ROOT), content);
};

const check = (): void => {
  const stale = staleManifests();
  if (stale.length === 0) return;
  console.error(`Not up to date: ${stale.join(', ')}. Run: node dev/make/manifests.ts`);
  process.exitCode = 1;
};

if (import.meta.main) {
  if (process.argv.includes('--check')) check();
  else write();
}
