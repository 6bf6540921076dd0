import type { ScaleSetCounts } from '../../../dev/local/counts.ts';
import { Screen } from '../../../dev/local/screen.ts';
import { plainLine, tableLines } from '../../../dev/local/table.ts';

const counts = (over: Partial<ScaleSetCounts> = {}): ScaleSetCounts => ({
  name: 'queue',
  queued: 180,
  assigned: 3,
  running: 17,
  idle: 0,
  failed: 0,
  done: 12,
  ...over,
});

test('the table has a title and a line for each scale set', () => {
  expect(tableLines([counts(), counts({ name: 'a-long-name-indeed', done: 1000 })])).toEqual([
    'SCALE SET           QUEUED  ASSIGNED  RUNNING   IDLE  FAILED  JOBS DONE',
    'queue                  180         3       17      0       0         12',
    'a-long-name-indeed     180         3       17      0       0       1000',
  ]);
  expect(plainLine(counts())).toBe('queue: 180 queued, 3 assigned, 17 running, 0 idle, 0 failed, 12 done');
});

/** What a terminal of many lines shows in the end. */
function shown(written: string[]): string[] {
  const lines = [''];
  for (const part of written.join('').split(/(\x1b\[\d+A\x1b\[J|\n)/)) {
    const up = /\x1b\[(\d+)A/.exec(part);
    if (up) lines.splice(lines.length - 1 - Number(up[1]), Infinity, '');
    else if (part === '\n') lines.push('');
    else lines.push(`${lines.pop() ?? ''}${part}`);
  }
  return lines.slice(0, -1);
}

test('on a terminal the table stays below what is told, and is drawn over', () => {
  const written: string[] = [];
  const screen = new Screen({ isTTY: true, write: (text) => written.push(text) });
  screen.log('started');
  screen.show([counts()]);
  screen.log('a runner broke');
  screen.show([counts({ running: 18 })]);
  expect(shown(written)).toEqual(['started', 'a runner broke', ...tableLines([counts({ running: 18 })])]);
});

test('elsewhere only what changed is told', () => {
  const written: string[] = [];
  const screen = new Screen({ write: (text) => written.push(text) });
  screen.show([counts(), counts({ name: 'b' })]);
  screen.show([counts(), counts({ name: 'b', done: 13 })]);
  expect(written).toEqual(
    [counts(), counts({ name: 'b' }), counts({ name: 'b', done: 13 })].map((c) => `${plainLine(c)}\n`),
  );
});
