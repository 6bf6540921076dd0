import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAbandoned, lock, tryLock } from '../../dev/lock.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'temporal-arc-test-'));
  file = join(folder, 'lock');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('is held by one at a time', () => {
  const held = tryLock(file);
  expect(tryLock(file)).toBeUndefined();
  held?.release();
  expect(existsSync(file)).toBe(false);
});

it('is waited for, and the wait is told once', async () => {
  const held = tryLock(file);
  const told: string[] = [];
  const waiting = lock(file, () => told.push('waiting'));
  held?.release();
  (await waiting).release();
  expect(told).toEqual(['waiting']);
});

it('of a process that was killed expires at once', () => {
  const { pid } = spawnSync('true');
  writeFileSync(file, `${pid} ${hostname()}`);
  expect(isAbandoned(file)).toBe(true);
  const held = tryLock(file);
  expect(held).toBeDefined();
  held?.release();
});

it('of another host holds, and expires when it has been silent for a minute', () => {
  writeFileSync(file, '1 elsewhere');
  expect(tryLock(file)).toBeUndefined();
  const longAgo = new Date(Date.now() - 61_000);
  utimesSync(file, longAgo, longAgo);
  const held = tryLock(file);
  expect(held).toBeDefined();
  held?.release();
});
