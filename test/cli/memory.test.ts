import { expect, test } from '@jest/globals';
import { leanStart, startLean } from '../../src/cli/memory.ts';

test('a process that was started without memory settings is started with them', () => {
  const start = leanStart({ flags: ['--enable-source-maps'], env: { HOME: '/root' } });
  expect(start?.flags).toEqual([
    '--enable-source-maps',
    '--max-semi-space-size=8',
    '--heap-growing-percent=25',
  ]);
  expect(start?.env).toEqual({
    HOME: '/root',
    GLIBC_TUNABLES: expect.stringContaining('mmap_threshold') as unknown,
  });
});

test('one that was started with them goes on', () => {
  const start = leanStart({ flags: [], env: {} });
  expect(start && leanStart(start)).toBeUndefined();
});

test('what a person has set stays', () => {
  const start = leanStart({
    flags: ['--heap-growing-percent=100'],
    env: {
      NODE_OPTIONS: '--max-old-space-size=4096 --max-semi-space-size=32',
      GLIBC_TUNABLES: 'glibc.malloc.arena_max=1',
    },
  });
  expect(start).toBeUndefined();
});

test('on macOS a command that runs for long says that it goes on without them, another says nothing', () => {
  const lines: string[] = [];
  const place = { platform: 'darwin' as const, say: (line: string) => lines.push(line) };
  startLean(['get', 'sets'], place);
  expect(lines).toEqual([]);
  startLean(['worker'], place);
  expect(lines).toEqual(['Memory settings are for Linux: on darwin it runs without them.']);
});
