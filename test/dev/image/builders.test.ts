import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Builder } from '../../../dev/image/builders.ts';
import { findBuilder } from '../../../dev/image/builders.ts';

let folder: string;
const path = process.env['PATH'];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'temporal-arc-builders-'));
  process.env['PATH'] = folder;
});

afterEach(() => {
  process.env['PATH'] = path;
  rmSync(folder, { recursive: true });
});

/** A program that notes what it is called with, and answers by a script. */
function program(name: string, script: string): void {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\necho "${name} $*" >> ${folder}/calls\n${script}\n`);
  chmodSync(file, 0o755);
}

const calls = (): string[] => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');

const found = (wanted?: string): Builder => {
  const builder = findBuilder(wanted);
  if ('missing' in builder) throw new Error(builder.missing);
  return builder;
};

test('a docker without its daemon is passed over', () => {
  program('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1');
  program('buildah', 'exit 0');
  expect(found().name).toBe('buildah');
});

test('the first that works is taken, or the one that is asked for', () => {
  for (const name of ['docker', 'podman', 'buildah']) program(name, 'exit 0');
  expect(found().name).toBe('docker');
  expect(found('podman').name).toBe('podman');
});

test('where none works, each has its reason', () => {
  program('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1');
  expect(findBuilder()).toEqual({
    missing: 'docker: Cannot connect to the Docker daemon; podman: not installed; buildah: not installed',
  });
  expect(findBuilder('kaniko')).toEqual({ missing: 'there is no builder "kaniko"' });
});

test.each(['docker', 'podman', 'buildah'])(
  '%s builds for a platform, with arguments, and says when it fails',
  (name) => {
    program(name, '[ "$1" = info ]');
    const builder = found(name);
    const build = { context: '/project', tag: 'one:1', platform: 'linux/arm64', arguments: { VERSION: '1' } };
    expect(() => builder.build(build)).toThrow();
    expect(calls().at(-1)).toMatch(
      /build .*--platform linux\/arm64 --tag one:1 --file \/project\/Dockerfile --build-arg=VERSION=1 \/project$/,
    );
  },
);

test('what is there is not pulled, and what cannot be pulled is not there', () => {
  program('buildah', 'case "$*" in info|*here) exit 0;; *) exit 1;; esac');
  expect(found().pull('here', 'linux/amd64')).toBe(true);
  expect(found().pull('else', 'linux/amd64')).toBe(false);
  expect(calls()).toContain('buildah pull --platform=linux/amd64 else');
  expect(calls()).not.toContain('buildah pull --platform=linux/amd64 here');
});
