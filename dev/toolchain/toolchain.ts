import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { lock } from '../lock.ts';
import { lastLines, launch } from '../processes.ts';

const moduleFolder = import.meta.dirname;

interface Tool {
  /** The Go package to build, inside the module of dev/toolchain. */
  package: string;
  /** The folder of its module, where it is one of its own. */
  module?: string;
  /** The oldest version that serves when it is found outside our own cache. */
  atLeast: readonly [number, number];
  /** The first version that serves no more. */
  below?: readonly [number, number];
  versionArgs: readonly string[];
}

const kubernetes = (name: string, atLeast: readonly [number, number]): Tool => ({
  package: `k8s.io/kubernetes/cmd/${name}`,
  atLeast,
  versionArgs: ['--version'],
});

const tools = {
  etcd: { package: './etcd', atLeast: [3, 5], versionArgs: ['--version'] },
  // The controllers and the scheduler must not be newer than the API server they talk to.
  'kube-apiserver': kubernetes('kube-apiserver', [1, 37]),
  'kube-controller-manager': kubernetes('kube-controller-manager', [1, 37]),
  'kube-scheduler': kubernetes('kube-scheduler', [1, 37]),
  kubectl: { ...kubernetes('kubectl', [1, 28]), versionArgs: ['version', '--client'] },
  kwok: { package: 'sigs.k8s.io/kwok/cmd/kwok', atLeast: [0, 8], versionArgs: ['--version'] },
  temporal: {
    package: 'github.com/temporalio/cli/cmd/temporal',
    atLeast: [1, 5],
    versionArgs: ['--version'],
  },
  helm: {
    package: 'helm.sh/helm/v3/cmd/helm',
    atLeast: [3, 14],
    below: [4, 0],
    versionArgs: ['version', '--short'],
  },
  helm4: {
    package: 'helm.sh/helm/v4/cmd/helm',
    module: 'helm4',
    atLeast: [4, 0],
    versionArgs: ['version', '--short'],
  },
} as const satisfies Record<string, Tool>;

const toolOf = (name: ToolName): Tool => tools[name];

/** The name of a part that a development machine runs. */
export type ToolName = keyof typeof tools;

/** What a cluster with fake nodes is made of. */
export const clusterTools = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
  'kubectl',
] as const satisfies ToolName[];

/** Where to look: the environment (PATH, KUBEBUILDER_ASSETS, TEMPORAL_ARC_<TOOL>) and our cache folder. */
export interface Search {
  env: NodeJS.ProcessEnv;
  cacheFolder: string;
}

/** Receives one line of progress. */
export type Progress = (line: string) => void;

/** The folder that holds what we built from exactly this go.mod and go.sum. */
export function toolCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), 'tools', moduleHash(moduleFolder).slice(0, 16));
}

/** What this project keeps for its user between two clones. */
export const cacheFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'temporal-arc');

function moduleHash(folder: string): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(folder, file)));
  return hash.digest('hex');
}

/** A tool with a module of its own says by its name what it was built from. */
function cachedName(name: ToolName): string {
  const { module } = toolOf(name);
  return module === undefined ? name : `${name}-${moduleHash(join(moduleFolder, module)).slice(0, 8)}`;
}

/**
 * Answers the absolute path of each tool. What is missing is built from the Go module proxy into the cache folder,
 * one tool at a time, which takes some minutes the first time.
 */
export async function ensureTools<N extends ToolName>(
  names: readonly N[],
  options: { progress?: Progress; env?: NodeJS.ProcessEnv } = {},
): Promise<Record<N, string>> {
  const env = options.env ?? process.env;
  const search: Search = { env, cacheFolder: toolCacheFolder(env) };
  const progress = options.progress ?? (() => undefined);
  const found = new Map<N, string>();
  for (const name of names) {
    const path = findTool(name, search);
    if (path !== undefined) found.set(name, path);
  }
  const missing = names.filter((name) => !found.has(name));
  if (missing.length > 0) await buildAll(missing, search, progress);
  for (const name of missing) found.set(name, join(search.cacheFolder, cachedName(name)));
  return Object.fromEntries(found) as Record<N, string>;
}

/**
 * Looks for one tool: `TEMPORAL_ARC_<TOOL>` (taken as it is), `KUBEBUILDER_ASSETS`, the cache folder, PATH. What is too
 * old is passed over. Answers undefined when it must be built.
 */
export function findTool(name: ToolName, { env, cacheFolder }: Search): string | undefined {
  const variable = `TEMPORAL_ARC_${name.toUpperCase().replaceAll('-', '_')}`;
  const given = env[variable];
  if (given !== undefined) {
    if (isExecutable(given)) return given;
    throw new Error(`${variable} is ${given}, which is not an executable file. Correct it, or unset it.`);
  }
  const assets = env['KUBEBUILDER_ASSETS'];
  if (assets !== undefined && serves(name, join(assets, name))) return join(assets, name);
  const cached = join(cacheFolder, cachedName(name));
  if (isExecutable(cached)) return cached;
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((path) => serves(name, path));
}

/** Whether it is a file that can be run. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function serves(name: ToolName, path: string): boolean {
  if (!isExecutable(path)) return false;
  const { atLeast, below, versionArgs } = toolOf(name);
  try {
    const output = execFileSync(path, versionArgs, { encoding: 'utf8', timeout: 10_000, stdio: 'pipe' });
    return isAtLeast(output, atLeast) && !(below && isAtLeast(output, below));
  } catch {
    return false;
  }
}

/** Whether the first version in `output` (such as "Kubernetes v1.37.2") is `atLeast` that major and minor. */
export function isAtLeast(output: string, atLeast: readonly [number, number]): boolean {
  const [, major, minor] = /v?(\d+)\.(\d+)/.exec(output) ?? [];
  if (major === undefined || minor === undefined) return false;
  return Number(major) > atLeast[0] || (Number(major) === atLeast[0] && Number(minor) >= atLeast[1]);
}

async function buildAll(names: readonly ToolName[], search: Search, progress: Progress): Promise<void> {
  mkdirSync(search.cacheFolder, { recursive: true });
  const waiting = () => progress('Another start is building the tools; waiting for it.');
  const held = await lock(join(search.cacheFolder, '.lock'), waiting);
  try {
    const missing = names.filter((name) => !isExecutable(join(search.cacheFolder, cachedName(name))));
    if (missing.length > 0) assertGo(search.env, missing);
    for (const [index, name] of missing.entries()) {
      await build(name, search, (text) => progress(`${name} (${index + 1} of ${missing.length}): ${text}`));
    }
  } finally {
    held.release();
  }
}

function assertGo(env: NodeJS.ProcessEnv, missing: readonly ToolName[]): void {
  try {
    execFileSync('go', ['version'], { env, stdio: 'pipe' });
  } catch (cause) {
    const remedy = 'Install Go 1.21 or later (https://go.dev/dl/) and put it into PATH.';
    throw new Error(`Go is needed to build ${missing.join(', ')}, and "go" is not there. ${remedy}`, {
      cause,
    });
  }
}

async function build(name: ToolName, { env, cacheFolder }: Search, progress: Progress): Promise<void> {
  const started = Date.now();
  const elapsed = () => `${Math.round((Date.now() - started) / 1000)} s`;
  const unfinished = join(cacheFolder, `.${name}.${process.pid}`);
  const logFile = join(cacheFolder, `${name}.build.log`);
  rmSync(logFile, { force: true });
  progress('building with Go, once for this machine');
  const ticker = setInterval(() => progress(`still building, ${elapsed()}`), 15_000);
  try {
    const go = launch({
      name: `go build of ${name}`,
      command: 'go',
      args: ['build', '-trimpath', '-ldflags', linkerFlags(), '-o', unfinished, tools[name].package],
      cwd: join(moduleFolder, toolOf(name).module ?? ''),
      env: goEnv(env),
      logFile,
    });
    const { code } = await go.exited;
    if (code !== 0) throw new Error(`Building ${name} failed. The end of ${logFile}:\n${lastLines(logFile)}`);
    renameSync(unfinished, join(cacheFolder, cachedName(name)));
    progress(`built in ${elapsed()}`);
  } finally {
    clearInterval(ticker);
    rmSync(unfinished, { force: true });
  }
}

/**
 * The environment of a build. go.mod says which Go compiles; `auto` lets an older one fetch it, also on a machine that
 * is pinned to its own (`GOTOOLCHAIN=local`, as in the images of Go).
 */
export function goEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'auto' };
}

/** Without a version by linker flags the API server reports none, and Helm and KWOK misjudge it. */
function linkerFlags(): string {
  const [major, minor, patch] = pinned('k8s.io/kubernetes');
  const kubernetesVersion = 'k8s.io/component-base/version';
  const values = {
    [`${kubernetesVersion}.gitVersion`]: `v${major}.${minor}.${patch}`,
    [`${kubernetesVersion}.gitMajor`]: major,
    [`${kubernetesVersion}.gitMinor`]: minor,
    'github.com/temporalio/cli/temporalcli.Version': pinned('github.com/temporalio/cli').join('.'),
  };
  return ['-s', '-w', ...Object.entries(values).map(([key, value]) => `-X ${key}=${value}`)].join(' ');
}

/** The version of a module in go.mod. */
function pinned(module: string): [major: string, minor: string, patch: string] {
  const goMod = readFileSync(join(moduleFolder, 'go.mod'), 'utf8');
  const line = goMod.split('\n').find((candidate) => candidate.trim().startsWith(`${module} v`));
  const [, major, minor, patch] = /v(\d+)\.(\d+)\.(\d+)/.exec(line ?? '') ?? [];
  if (major === undefined || minor === undefined || patch === undefined) {
    throw new Error(`dev/toolchain/go.mod names no version of ${module}.`);
  }
  return [major, minor, patch];
}
