import { styleText } from 'node:util';

/** Where text goes: standard output or standard error. Colors only on a terminal. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** What `-o` takes. */
export const OUTPUT_FORMATS = ['table', 'json', 'wide'] as const;
/** How a result is written. */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

type Color = 'red' | 'yellow' | 'green' | 'bold' | 'dim';

/** A text in a colour, or as it is where colours do not belong. */
export type Paint = (color: Color, text: string) => string;

/** Colours only on a terminal, and never with `NO_COLOR` (no-color.org). */
export function paintFor(output: Output, env: Readonly<Record<string, string | undefined>>): Paint {
  const colored = output.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return (color, text) => (colored ? styleText(color, text, { validateStream: false }) : text);
}

/** One column of a table: its title, and what stands in it for a row. */
export interface Column<Row> {
  title: string;
  text: (row: Row) => string | number | undefined;
  color?: (row: Row) => Color | undefined;
  /** Only with `-o wide`. */
  wide?: boolean;
}

/** Rows as aligned columns under their titles; what is empty shows as `-`. */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { format = 'table', paint }: { format?: OutputFormat; paint: Paint },
): string {
  const shown = columns.filter(({ wide }) => !wide || format === 'wide');
  const cells = rows.map((row) => shown.map(({ text }) => cellOf(text(row))));
  const widths = shown.map(({ title }, i) =>
    Math.max(title.length, ...cells.map((line) => line[i]?.length ?? 0)),
  );
  const pad = (text: string, i: number) =>
    i === shown.length - 1 ? '' : ' '.repeat((widths[i] ?? 0) - text.length);
  const header = shown.map(({ title }, i) => paint('bold', title) + pad(title, i)).join('   ');
  const lines = cells.map((line, r) =>
    line.map((text, i) => painted(text, colorOf(shown[i], rows[r]), paint) + pad(text, i)).join('   '),
  );
  return `${[header, ...lines].join('\n')}\n`;
}

const cellOf = (value: string | number | undefined): string =>
  value === undefined || value === '' ? '-' : String(value).replaceAll(/\s+/g, ' ');

const colorOf = <Row>(column: Column<Row> | undefined, row: Row | undefined): Color | undefined =>
  row === undefined ? undefined : column?.color?.(row);

const painted = (text: string, color: Color | undefined, paint: Paint): string =>
  color ? paint(color, text) : text;

/** The time since `from` as kubectl writes it: 42s, 5m, 3h, 8d. */
export function formatAge(from: string | number | Date | undefined, now: number): string | undefined {
  if (from === undefined) return undefined;
  const seconds = Math.max(0, Math.floor((now - new Date(from).getTime()) / 1000));
  if (Number.isNaN(seconds)) return undefined;
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
