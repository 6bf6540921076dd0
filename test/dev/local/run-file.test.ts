import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRunFile, writeRunFile } from '../../../dev/local/run-file.ts';

test('the file is found while "make run" runs, and its absence says what to do', () => {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-arc-run-file-'));
  const addresses = { gitHubUrl: 'http://127.0.0.1:1', kubeconfig: 'k' };
  const remove = writeRunFile(folder, addresses);
  expect(readRunFile(folder)).toEqual(addresses);
  remove();
  expect(() => readRunFile(folder)).toThrow(/start "make run" in another terminal/);
  rmSync(folder, { recursive: true });
});
