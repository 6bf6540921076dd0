import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Architecture, Lock } from './packages.ts';
import { ARCHITECTURES, neededPackages } from './packages.ts';

/** The part of a CycloneDX document that is changed here; the rest is npm's. */
interface BillOfMaterials {
  metadata: { component: { 'bom-ref': string; name: string; type: string } };
  components: { 'bom-ref': string; [field: string]: unknown }[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

/** Reduces npm's list of what the project depends on to what is in the image, and adds Node.js. */
export function billOfMaterials(
  all: BillOfMaterials,
  lock: Lock,
  architecture: Architecture,
): BillOfMaterials {
  const name = `node-linux-${ARCHITECTURES[architecture].node}`;
  const node = lock.packages[`node_modules/${name}`]?.version ?? '';
  const root = all.metadata.component['bom-ref'];
  const kept = new Set([root, ...neededPackages(lock).map((path) => referenceOf(lock, path))]);
  const nodeComponent = {
    'bom-ref': `node@${node}`,
    type: 'platform',
    name: 'node',
    version: node,
    purl: `pkg:npm/${name}@${node}`,
    licenses: [{ license: { id: 'MIT' } }],
  };
  return {
    ...all,
    metadata: {
      ...all.metadata,
      component: { ...all.metadata.component, name: 'temporal-arc', type: 'application' },
    },
    components: [...all.components.filter((one) => kept.has(one['bom-ref'])), nodeComponent],
    dependencies: all.dependencies
      .filter(({ ref }) => kept.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => kept.has(other)) })),
  };
}

const referenceOf = ({ packages }: Lock, path: string): string =>
  `${path.split('node_modules/').at(-1) ?? ''}@${packages[path]?.version ?? ''}`;

/** Writes what the image consists of beside its base (CycloneDX), from package-lock.json alone. */
export function writeBillOfMaterials(options: {
  project: string;
  architecture: Architecture;
  file: string;
}): void {
  const { project, architecture, file } = options;
  const args = ['sbom', '--package-lock-only', '--omit=dev', '--sbom-format=cyclonedx'];
  const text = execFileSync('npm', args, { cwd: project, encoding: 'utf8', maxBuffer: 64 << 20 });
  const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as Lock;
  const bill = billOfMaterials(JSON.parse(text) as BillOfMaterials, lock, architecture);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(bill, undefined, 1)}\n`);
}
