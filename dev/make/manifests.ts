/**
 * Writes what is derived from the code: crds/ with one CustomResourceDefinition per file, made from the schemas in src/api;
 * the same files in the chart that installs them; the versions of the charts, the schemas of their values, the rules of their
 * roles.
 *
 *   node dev/make/manifests.ts           writes the files
 *   node dev/make/manifests.ts --check   writes nothing; exits with 1 when a file is not what it would write
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { crdOf } from '../../src/api/crd.ts';
import { GROUP, KINDS, PLURALS } from '../../src/api/v1alpha1/group.ts';
import { version } from '../../src/workers/version.ts';
import { valuesSchemas } from '../charts/values-schema.ts';
import { ruleTemplates } from './permissions.ts';

const ROOT = join(import.meta.dirname, '../..');
const HEADER = '# Generated from src/api by dev/make/manifests.ts: change the schema there, not this file.\n';
const CRD_FOLDERS = ['crds', 'charts/gha-runner-scale-set-controller/crds'];

/** The CRDs, by the names of their files. */
export const crdManifests = (): Map<string, string> =>
  new Map(
    KINDS.map((kind) => [
      `${GROUP}_${PLURALS[kind]}.yaml`,
      // No anchors: what repeats is written out, so that every reader of YAML understands the file.
      HEADER + stringify(crdOf(kind), { aliasDuplicateObjects: false, lineWidth: 0 }),
    ]),
  );

/** Everything that is written, by its path in the repository. */
const manifests = (): Map<string, string> =>
  new Map([
    ...ruleTemplates(),
    ...CRD_FOLDERS.flatMap((folder) =>
      [...crdManifests()].map(([name, text]) => [join(folder, name), text] as const),
    ),
    ...Object.entries(valuesSchemas()).flatMap(([chart, schema]) => {
      const folder = join('charts', chart);
      return [
        [join(folder, 'values.schema.json'), schema] as const,
        [join(folder, 'Chart.yaml'), withVersion(contentOf(join(folder, 'Chart.yaml')) ?? '')] as const,
      ];
    }),
  ]);

/** A chart has the version of the program, as package.json says it. */
function withVersion(chart: string): string {
  return chart
    .replace(/^version: .*$/m, `version: ${version}`)
    .replace(/^appVersion: .*$/m, `appVersion: '${version}'`);
}

/** The files that differ from what would be written, or are missing. */
export const staleManifests = (): string[] =>
  [...manifests()].filter(([path, text]) => contentOf(path) !== text).map(([path]) => path);

const contentOf = (path: string): string | undefined => {
  const file = join(ROOT, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
};

const write = (): void => {
  for (const [path, text] of manifests()) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
  }
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
