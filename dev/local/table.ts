import type { ScaleSetCounts } from './counts.ts';

const COLUMNS = [
  ['queued', 'QUEUED'],
  ['assigned', 'ASSIGNED'],
  ['running', 'RUNNING'],
  ['idle', 'IDLE'],
  ['failed', 'FAILED'],
  ['done', 'JOBS DONE'],
] as const satisfies readonly (readonly [keyof ScaleSetCounts, string])[];

const TITLE = 'SCALE SET';
const GAP = '  ';

/** The table as lines of text, its title first. */
export function tableLines(counts: readonly ScaleSetCounts[]): string[] {
  const width = Math.max(TITLE.length, ...counts.map(({ name }) => name.length));
  const line = (first: string, cells: readonly string[]): string =>
    [first.padEnd(width), ...cells.map((cell, i) => cell.padStart(widthOf(i)))].join(GAP);
  return [
    line(
      TITLE,
      COLUMNS.map(([, title]) => title),
    ),
    ...counts.map((count) =>
      line(
        count.name,
        COLUMNS.map(([key]) => String(count[key])),
      ),
    ),
  ];
}

const widthOf = (column: number): number => Math.max(5, COLUMNS[column]?.[1].length ?? 0);

/** One scale set as a line, for where nothing can be drawn over. */
export const plainLine = ({ name, ...count }: ScaleSetCounts): string =>
  `${name}: ${COLUMNS.map(([key]) => `${count[key]} ${key}`).join(', ')}`;
