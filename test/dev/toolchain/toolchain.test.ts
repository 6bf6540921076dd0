import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ensureTools,
  findTool,
  goEnv,
  isAtLeast,
  toolCacheFolder,
} from '../../../dev/toolchain/toolchain.ts';

let root: string;
let search: { env: NodeJS.ProcessEnv; cacheFolder: string };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'temporal-arc-test-'));
  search = { env: { PATH: join(root, 'path') }, cacheFolder: join(root, 'cache') };
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function install(folder: string, name: string, version: string): string {
  const path = join(root, folder, name);
  mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "Version ${version}"\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('a tool is taken', () => {
  it('from its variable before all others, whatever its version', () => {
    const given = install('mine', 'etcd', '1.0.0');
    install('cache', 'etcd', '3.6.0');
    search.env['TEMPORAL_ARC_ETCD'] = given;
    expect(findTool('etcd', search)).toBe(given);
  });

  it('from KUBEBUILDER_ASSETS before the cache', () => {
    const asset = install('assets', 'kube-apiserver', '1.37.0');
    install('cache', 'kube-apiserver', '1.37.2');
    search.env['KUBEBUILDER_ASSETS'] = join(root, 'assets');
    expect(findTool('kube-apiserver', search)).toBe(asset);
  });

  it('from the cache before PATH', () => {
    const cached = install('cache', 'kwok', '0.8.0');
    install('path', 'kwok', '0.9.0');
    expect(findTool('kwok', search)).toBe(cached);
  });

  it('from PATH otherwise', () => {
    const path = install('path', 'kubectl', '1.32.4');
    expect(findTool('kubectl', search)).toBe(path);
  });
});

describe('a tool is passed over', () => {
  it('when what KUBEBUILDER_ASSETS holds is too old', () => {
    install('assets', 'kube-apiserver', '1.31.0');
    const cached = install('cache', 'kube-apiserver', '1.37.2');
    search.env['KUBEBUILDER_ASSETS'] = join(root, 'assets');
    expect(findTool('kube-apiserver', search)).toBe(cached);
  });

  it('when what PATH holds is too old, or cannot run', () => {
    install('path', 'temporal', '1.0.0');
    writeFileSync(join(root, 'path', 'kwok'), 'not executable');
    expect(findTool('temporal', search)).toBeUndefined();
    expect(findTool('kwok', search)).toBeUndefined();
  });
});

it('Helm 4 is not taken for Helm 3, and lies in the cache by what it was built from', () => {
  install('path', 'helm', '4.3.1');
  expect(findTool('helm', search)).toBeUndefined();
  expect(findTool('helm4', search)).toBeUndefined();
  const mine = install('path', 'helm4', '4.3.1');
  expect(findTool('helm4', search)).toBe(mine);
  install('cache', 'helm4', '4.0.0');
  expect(findTool('helm4', search)).toBe(mine);
});

it('a variable that names no executable is an error that says so', () => {
  search.env['TEMPORAL_ARC_KUBE_APISERVER'] = join(root, 'absent');
  expect(() => findTool('kube-apiserver', search)).toThrow(
    /TEMPORAL_ARC_KUBE_APISERVER .*Correct it, or unset it/,
  );
});

it('without Go the error says what to install', async () => {
  const env = { PATH: join(root, 'path'), XDG_CACHE_HOME: join(root, 'cache') };
  await expect(ensureTools(['kwok'], { env })).rejects.toThrow(/Go is needed to build kwok.*Install Go/);
});

it('the Go that go.mod names compiles, also where a machine is pinned to its own', () => {
  expect(goEnv({ GOTOOLCHAIN: 'local', HOME: '/root' })).toMatchObject({
    GOTOOLCHAIN: 'auto',
    HOME: '/root',
  });
});

it('builds nothing when all is there', async () => {
  const env = { PATH: '', XDG_CACHE_HOME: root };
  const cached = install(toolCacheFolder(env).slice(root.length + 1), 'kwok', '0.8.0');
  expect(await ensureTools(['kwok'], { env })).toEqual({ kwok: cached });
});

it.each([
  ['Kubernetes v1.37.2', true],
  ['Client Version: v1.37.0-rc.1\nKustomize Version: v5.5.0', true],
  ['2.0', true],
  ['v1.35.9', false],
  ['(devel)', false],
])('reads %j', (output, expected) => {
  expect(isAtLeast(output, [1, 36])).toBe(expected);
});
