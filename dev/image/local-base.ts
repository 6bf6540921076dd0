import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { cacheFolder } from '../toolchain/toolchain.ts';
import type { Builder } from './builders.ts';
import type { Architecture } from './packages.ts';

/** What Node.js and Temporal's native module need at run time. */
const RUNTIME = ['base-files', 'ca-certificates', 'netbase', 'tzdata'];
/** Installed with what they depend on. */
const LIBRARIES = ['libstdc++6'];
/** What a step of the build needs beside Node.js and npm. */
const SHELL = ['dash', 'coreutils', 'tar', 'gzip'];

/** The npm of the build; it brings everything it needs. */
const NPM = 'npm@11';

/** After this time (milliseconds) a base is made anew, for what was mended in its packages since. */
const FRESH_MS = 7 * 24 * 3_600_000;

/** The two bases, as a build takes them. */
export interface Bases {
  build: string;
  runtime: string;
}

/** What a base is made with. */
export interface LocalBaseOptions {
  builder: Builder;
  architecture: Architecture;
  /** Architecture of this machine. */
  here: Architecture;
  /** The project's folder: its Node.js runs the build. */
  project: string;
  progress: (line: string) => void;
}

/**
 * Makes both bases from the packages that this machine's apt knows (Debian, or a system derived from it), and hands them to
 * the builder. Needs no registry of images, no root, and no program of the other architecture.
 *
 * @throws where the machine has no apt, or it reaches no mirror
 */
export function localBases(options: LocalBaseOptions): Bases {
  const { architecture, here } = options;
  requireApt();
  const runtime = `localhost/temporal-arc-runtime-base:${architecture}`;
  const build = `localhost/temporal-arc-build-base:${here}`;
  const environment = ['PATH=/usr/local/bin:/usr/bin:/bin', ...npmEnvironment()];
  const bases: LocalBase[] = [
    { name: runtime, file: `runtime-${architecture}.tar`, architecture, packages: LIBRARIES },
    {
      ...{ name: build, file: `build-${here}.tar`, architecture: here },
      packages: [...LIBRARIES, ...SHELL],
      complete: (root) => {
        trustWhatThisMachineTrusts(root);
        addNode(root, options.project);
      },
      content: environment.map((one) => `ENV ${one}\n`).join(''),
    },
  ];
  for (const base of bases) makeBase(options, base);
  return { build, runtime };
}

interface LocalBase {
  name: string;
  /** Its archive in the cache. */
  file: string;
  architecture: Architecture;
  /** Installed with what they depend on. */
  packages: readonly string[];
  /** What else is put into it. */
  complete?: (root: string) => void;
  /** Further lines of its Dockerfile. */
  content?: string;
}

function makeBase({ builder, progress }: LocalBaseOptions, base: LocalBase): void {
  const folder = join(cacheFolder(), 'image');
  mkdirSync(folder, { recursive: true });
  const archive = join(folder, base.file);
  if (builder.has(base.name) && isFresh(archive)) return;
  progress(`making ${base.name} from the packages of this machine's apt`);
  if (!isFresh(archive)) writeArchive(archive, base);
  importBase(builder, base, archive);
}

function requireApt(): void {
  try {
    execFileSync('apt-get', ['--version'], { stdio: 'ignore' });
    execFileSync('dpkg-deb', ['--version'], { stdio: 'ignore' });
  } catch (cause) {
    const remedy = 'give bases that are there: make docker-build BUILD_BASE=… RUNTIME_BASE=… (docs/image.md)';
    throw new Error(`The public bases cannot be pulled, and there is no apt to make one from; ${remedy}.`, {
      cause,
    });
  }
}

/** The registry and the certificates that npm uses on this machine. */
function npmEnvironment(): string[] {
  const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
  return [
    `npm_config_registry=${registry}`,
    'npm_config_update_notifier=false',
    'NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt',
  ];
}

const isFresh = (file: string): boolean => existsSync(file) && Date.now() - statSync(file).mtimeMs < FRESH_MS;

/** Writes the archive of the files below `/`. */
function writeArchive(archive: string, { architecture, packages, complete }: LocalBase): void {
  inFolder((folder) => {
    const root = join(folder, 'root');
    unpackAll(fetchPackages({ folder, architecture, withDependencies: packages, alone: RUNTIME }), root);
    system(root);
    complete?.(root);
    pack(root, archive);
  });
}

function inFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-arc-base-'));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Fetch {
  folder: string;
  architecture: Architecture;
  withDependencies: readonly string[];
  alone: readonly string[];
}

/** Fetches packages with the sources and keys of this machine's apt, into a state of its own. @returns their files */
function fetchPackages({ folder, architecture, withDependencies, alone }: Fetch): string[] {
  const state = join(folder, 'state');
  const archives = join(folder, 'archives');
  for (const path of [join(state, 'lists', 'partial'), join(archives, 'partial')])
    mkdirSync(path, { recursive: true });
  writeFileSync(join(state, 'status'), '');
  const settings = [
    ['Dir::State', state],
    ['Dir::State::status', join(state, 'status')],
    ['Dir::Cache', folder],
    ['Dir::Cache::archives', archives],
    ['APT::Architecture', architecture],
    ['APT::Architectures', architecture],
    ['APT::Sandbox::User', 'root'],
    ['Acquire::Languages', 'none'],
    ['Debug::NoLocking', 'true'],
  ].flatMap(([key = '', value = '']) => ['-o', `${key}=${value}`]);
  const apt = (...args: string[]): void => {
    execFileSync('apt-get', ['-q', ...settings, ...args], {
      cwd: archives,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  };
  apt('update');
  apt('install', '--yes', '--download-only', '--no-install-recommends', ...withDependencies);
  apt('download', ...alone);
  return globSync('*.deb', { cwd: archives }).map((file) => join(archives, file));
}

/** Unpacks packages where /bin and /lib are links below /usr, and leaves a note of each for scanners. */
function unpackAll(packages: readonly string[], root: string): void {
  const notes = join(root, 'var', 'lib', 'dpkg', 'status.d');
  mkdirSync(notes, { recursive: true });
  for (const folder of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(join(root, 'usr', folder), { recursive: true });
    symlinkSync(`usr/${folder}`, join(root, folder));
  }
  const unpack = 'dpkg-deb --fsys-tarfile "$1" | tar -x --no-same-owner --keep-directory-symlink -C "$2"';
  for (const file of packages) {
    execFileSync('sh', ['-c', unpack, 'sh', file, root]);
    const note = execFileSync('dpkg-deb', ['--field', file], { encoding: 'utf8' });
    writeFileSync(join(notes, basename(file).split('_')[0] ?? ''), note);
  }
  const idle = ['usr/share/{locale,man,lintian,bug,info}', 'usr/lib/*/gconv', 'usr/share/doc/*/!(copyright)'];
  for (const path of globSync(idle, { cwd: root }))
    rmSync(join(root, path), { recursive: true, force: true });
}

const PASSWD = `root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
`;

/** What the scripts of packages would do, which are not run. */
function system(root: string): void {
  for (const folder of ['etc/ssl/certs', 'home/nonroot', 'root', 'tmp', 'proc', 'sys', 'dev', 'run'])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), PASSWD);
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n');
  writeFileSync(join(root, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n');
  const certificates = globSync('usr/share/ca-certificates/mozilla/*.crt', { cwd: root }).sort();
  const bundle = certificates.map((path) => readFileSync(join(root, path), 'utf8')).join('');
  writeFileSync(join(root, 'etc/ssl/certs/ca-certificates.crt'), bundle);
}

/** For the build only: npm may be reached by a proxy with a certificate of its own. */
function trustWhatThisMachineTrusts(root: string): void {
  const bundle = '/etc/ssl/certs/ca-certificates.crt';
  if (existsSync(bundle)) copyFileSync(bundle, join(root, bundle));
}

function addNode(root: string, project: string): void {
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
  const node = execFileSync(process.execPath, ['-p', 'process.execPath'], { cwd: project, encoding: 'utf8' });
  copyFileSync(node.trim(), join(root, 'usr/local/bin/node'));
  const into = ['--prefix', join(root, 'usr/local/lib'), '--no-save', '--no-audit', '--no-fund'];
  execFileSync('npm', ['install', ...into, NPM], { stdio: ['ignore', 'ignore', 'pipe'] });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
}

function pack(root: string, archive: string): void {
  execFileSync('chmod', ['1777', join(root, 'tmp')]);
  const owner = ['--owner=0', '--group=0', '--numeric-owner'];
  execFileSync('tar', ['-c', ...owner, '-C', root, '-f', `${archive}.new`, '.']);
  execFileSync('mv', [`${archive}.new`, archive]);
}

function importBase(
  builder: Builder,
  { name, architecture, content = '' }: LocalBase,
  archive: string,
): void {
  inFolder((folder) => {
    copyFileSync(archive, join(folder, 'base.tar'));
    writeFileSync(join(folder, 'Dockerfile'), `FROM scratch\nADD base.tar /\n${content}`);
    builder.build({ context: folder, tag: name, platform: `linux/${architecture}`, arguments: {} });
  });
}
