import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ICruiseResult } from 'dependency-cruiser';
import { cruise } from 'dependency-cruiser';
import extractDepcruiseConfig from 'dependency-cruiser/config-utl/extract-depcruise-config';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

/** Files by path, with what stands in them. */
type House = Record<string, string>;

const importing = (from: string): string => `import { it } from '${from}';\nexport const other = it;\n`;
const importingType = (from: string): string =>
  `import type { It } from '${from}';\nexport type Other = It;\n`;
const TARGET = 'export const it = 1;\nexport type It = number;\n';

const repository = join(import.meta.dirname, '..');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rooms-'));
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The names of the rules that a house breaks. */
async function broken(house: House): Promise<string[]> {
  for (const [path, text] of Object.entries(house)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const tsConfig = extractTSConfig(join(repository, 'tsconfig.json'));
  const { forbidden, options } = await extractDepcruiseConfig(join(repository, '.dependency-cruiser.js'));
  const settings = { ...options, baseDir: folder, validate: true, ruleSet: { forbidden: forbidden ?? [] } };
  const { output } = await cruise(['src'], settings, undefined, { tsConfig });
  return (output as ICruiseResult).summary.violations.map(({ rule }) => rule.name);
}

test.each<[rule: string, from: string, to: string]>([
  ['api-knows', 'src/api/schema/deep/a.ts', 'src/github/a.ts'],
  ['messages-knows', 'src/messages/a.ts', 'src/workflows/a.ts'],
  ['github-knows', 'src/github/transport/a.ts', 'src/kubernetes/a.ts'],
  ['kubernetes-knows', 'src/kubernetes/objects/a.ts', 'src/activities/a.ts'],
  ['workflows-knows', 'src/workflows/ephemeral-runner-set/policies/a.ts', 'src/github/transport/a.ts'],
  ['workflows-knows-types-of-activities', 'src/workflows/a.ts', 'src/activities/autoscaling-listener/a.ts'],
  ['activities-knows', 'src/activities/autoscaling-listener/policies/a.ts', 'src/workers/a.ts'],
  ['workers-knows', 'src/workers/configuration/a.ts', 'src/cli/a.ts'],
  ['cli-knows', 'src/cli/commands/a.ts', 'src/workflows/ephemeral-runner-set/a.ts'],
  [
    'activities-github-access-knows',
    'src/activities/github-access/a.ts',
    'src/activities/cluster-watch/a.ts',
  ],
  [
    'activities-cluster-watch-knows',
    'src/activities/cluster-watch/a.ts',
    'src/activities/ephemeral-runner-set/a.ts',
  ],
  [
    'workflow-rooms-know-no-other',
    'src/workflows/autoscaling-listener/a.ts',
    'src/workflows/ephemeral-runner-set/a.ts',
  ],
  ['policies-are-pure', 'src/activities/autoscaling-listener/policies/a.ts', 'src/kubernetes/client/a.ts'],
  ['src-stands-alone', 'src/cli/a.ts', 'dev/local/a.ts'],
])('%s: an import from %s of %s fails', async (rule, from, to) => {
  const up = '../'.repeat(from.split('/').length - 1);
  expect(await broken({ [from]: importing(`${up}${to}`), [to]: TARGET })).toContain(rule);
});

test.each<[rule: string, from: string, library: string]>([
  ['policies-use-nothing-of-node', 'src/workflows/ephemeral-runner-set/policies/a.ts', 'node:fs'],
  ['policies-are-pure', 'src/workflows/ephemeral-runner-set/policies/a.ts', '@temporalio/workflow'],
  ['workflows-use-nothing-of-node', 'src/workflows/cluster-watch/a.ts', 'node:crypto'],
  ['workflows-stay-in-the-sandbox', 'src/workflows/a.ts', '@temporalio/client'],
  ['messages-load-nothing', 'src/messages/a.ts', '@temporalio/workflow'],
])('%s: an import from %s of %s fails', async (rule, from, library) => {
  expect(await broken({ [from]: importing(library) })).toContain(rule);
});

test.each<[what: string, House]>([
  ['of values', { 'src/api/a.ts': importing('./b.ts'), 'src/api/b.ts': importing('./a.ts') }],
  ['of types', { 'src/api/a.ts': importingType('./b.ts'), 'src/api/b.ts': importingType('./a.ts') }],
])('no-circle: a circle %s fails', async (_what, house) => {
  expect(await broken(house)).toContain('no-circle');
});

test('an import that leads nowhere fails', async () => {
  expect(await broken({ 'src/api/a.ts': importing('./gone.ts') })).toContain('not-to-unresolvable');
});

test('what is allowed passes', async () => {
  const house = {
    'src/workflows/a.ts': importingType('../activities/b.ts'),
    'src/activities/b.ts': importing('../api/c.ts'),
    'src/api/c.ts': TARGET,
  };
  expect(await broken(house)).toEqual([]);
});
