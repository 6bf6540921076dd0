import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leaveNote, readNote } from '../../../dev/local/run-file.ts';

test('a note is found while "make run" runs, and its absence says what to do', () => {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-arc-note-'));
  const viewpoint = { gitHubUrl: 'http://127.0.0.1:1', kubeconfig: 'k' };
  const forget = leaveNote(folder, viewpoint);
  expect(readNote(folder)).toEqual(viewpoint);
  forget();
  expect(() => readNote(folder)).toThrow(/start "make run" in another terminal/);
  rmSync(folder, { recursive: true });
});
