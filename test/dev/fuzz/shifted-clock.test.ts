import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const CLOCK = pathToFileURL(
  join(import.meta.dirname, '..', '..', '..', 'dev', 'fuzz', 'shifted-clock.ts'),
).href;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'temporal-arc-clock-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const say = (script: string): unknown => {
  const env = { PATH: process.env['PATH'], FUZZ_CLOCK: join(folder, 'clock') };
  const args = ['--import', CLOCK, '--eval', `console.log(JSON.stringify(${script}))`];
  return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' }));
};

it('is off by as much as the file says, however the time is asked for', () => {
  writeFileSync(join(folder, 'clock'), '-86400000');
  const yesterday = Date.now() - 86_400_000;
  const [now, made, text] = say('[Date.now(), new Date().getTime(), Date.parse(Date())]') as [
    number,
    number,
    number,
  ];
  for (const time of [now, made, text]) expect(Math.abs(time - yesterday)).toBeLessThan(60_000);
});

it('leaves times alone that are given', () => {
  writeFileSync(join(folder, 'clock'), '3600000');
  expect(say('[new Date(5).getTime(), new Date(5) instanceof Date, Date.UTC(1970, 0)]')).toEqual([
    5,
    true,
    0,
  ]);
});

it('is right without a file', () => {
  expect(Math.abs((say('Date.now()') as number) - Date.now())).toBeLessThan(60_000);
});
