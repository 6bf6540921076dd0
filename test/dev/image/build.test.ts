import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { architectureOf } from '../../../dev/image/build.ts';
import { version } from '../../../src/workers/version.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

test('an image is for one of two platforms', () => {
  expect(architectureOf('linux/amd64')).toBe('amd64');
  expect(architectureOf('linux/arm64')).toBe('arm64');
  expect(['amd64', 'arm64']).toContain(architectureOf(''));
});

test.each(['linux/386', 'windows/amd64', 'arm64', 'linux/amd64,linux/arm64'])('not for %s', (platform) => {
  expect(() => architectureOf(platform)).toThrow(
    `PLATFORM: "${platform}" is not allowed; give linux/amd64 or linux/arm64.`,
  );
});

test('what the Dockerfile copies is there, and the builder is shown it', () => {
  const shown = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = '']) =>
    files.split(' '),
  );
  expect(copied).toContain('src');
  for (const file of copied) {
    expect([file, existsSync(join(root, file))]).toEqual([file, true]);
    expect([file, shown.some((one) => file === one || file.startsWith(`${one}/`))]).toEqual([file, true]);
  }
});

test('the version is in one place', () => {
  expect(version).toMatch(/^\d+\.\d+\.\d+/);
  const lock = JSON.parse(read('package-lock.json')) as { version: string };
  expect(lock.version).toBe(version);
});
