import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Architecture, Lock } from './packages.ts';
import { ARCHITECTURES, STUBBED, isNeeded, neededPackages } from './packages.ts';

/** Where things lie in the image. */
const APP = 'app';
const NODE = 'usr/local/bin/node';
const PROGRAM = `/${APP}/dist/cli/main.js`;

/** Links to the program, which goes by the name it is started by. */
const ENTRY_POINTS = ['manager', 'ghalistener', 'usr/local/bin/temporal-arc'];

/** What files are taken from, for which machine, and where they go. */
export interface ImageFiles {
  /** The project's folder, with everything installed and built. */
  project: string;
  architecture: Architecture;
  /** An empty folder: the root of what is laid over the base. */
  out: string;
}

/**
 * Lays out all files of the image: the program, the packages it needs, Node.js, and the links that start it.
 *
 * @throws where Node.js for the architecture is not what package-lock.json says
 */
export function layOutImage({ project, architecture, out }: ImageFiles): void {
  const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as Lock;
  const app = join(out, APP);
  for (const file of ['package.json', 'LICENSE']) copy(join(project, file), join(app, file));
  copyTree(
    project,
    app,
    filesIn(project, 'dist').filter((file) => isNeeded(file, architecture)),
  );
  for (const folder of neededPackages(lock)) {
    const files = filesIn(project, folder).filter((file) => isNeeded(file, architecture));
    copyTree(project, app, files);
  }
  for (const name of STUBBED) stub(join(app, 'node_modules', name));
  copyNode({ project, architecture, out }, lock);
  startable(out);
}

/** Paths below `root` of all files in a folder, without what is installed below it: the lock lists that by itself. */
function filesIn(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesIn(root, path);
    return entry.isFile() ? [path] : [];
  });
}

function copyTree(from: string, to: string, files: readonly string[]): void {
  for (const file of files) copy(join(from, file), join(to, file));
}

function copy(from: string, to: string, mode = 0o644): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, mode);
}

/** A package in name only. Using it says why. */
function stub(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const description = { name: folder.split('node_modules/').at(-1), version: '0.0.0', main: 'index.cjs' };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(description)}\n`);
  writeFileSync(join(folder, 'index.cjs'), STUB);
}

const STUB = `const refuse = (name) => {
  throw new Error(\`\${String(name)} is not in the image: its workflows were bundled when it was built.\`);
};
module.exports = new Proxy({ __esModule: true }, { get: (own, name) => (name in own || typeof name === 'symbol' ? own[name] : refuse(name)) });
`;

/** The Node.js that package-lock.json pins: as it was installed, or fetched where the image is for another machine. */
function copyNode({ project, architecture, out }: ImageFiles, lock: Lock): void {
  const name = `node-linux-${ARCHITECTURES[architecture].node}`;
  const installed = join(project, 'node_modules', name, 'bin', 'node');
  if (existsSync(installed)) {
    copy(installed, join(out, NODE), 0o755);
    return;
  }
  const { version = '', integrity = '' } = lock.packages[`node_modules/${name}`] ?? {};
  const folder = mkdtempSync(join(tmpdir(), 'node-'));
  try {
    const wanted = ['pack', `${name}@${version}`, '--silent', '--pack-destination', folder];
    const [archive = ''] = execFileSync('npm', wanted, { encoding: 'utf8' }).trim().split('\n').slice(-1);
    checkIntegrity(join(folder, archive), integrity);
    execFileSync('tar', ['-xzf', join(folder, archive), '-C', folder, 'package/bin/node']);
    copy(join(folder, 'package', 'bin', 'node'), join(out, NODE), 0o755);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @throws unless the file is the one that package-lock.json names */
function checkIntegrity(file: string, integrity: string): void {
  const [algorithm = '', expected = ''] = integrity.split(/-(.*)/s);
  const found = createHash(algorithm || 'sha512')
    .update(readFileSync(file))
    .digest('base64');
  if (found !== expected)
    throw new Error(`${file} is not what package-lock.json names (${integrity || 'nothing'}).`);
}

/** Nothing but Node.js itself need be there to start it: no env, no shell. */
function startable(out: string): void {
  const main = join(out, PROGRAM);
  writeFileSync(main, readFileSync(main, 'utf8').replace(/^#!.*/, `#!/${NODE}`));
  chmodSync(main, 0o755);
  for (const link of ENTRY_POINTS) {
    mkdirSync(dirname(join(out, link)), { recursive: true });
    symlinkSync(PROGRAM, join(out, link));
  }
}
