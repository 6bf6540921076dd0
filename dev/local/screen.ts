import type { ScaleSetCounts } from './counts.ts';
import { plainLine, tableLines } from './table.ts';

/** What a screen is written to; a terminal is drawn over. */
export interface Output {
  isTTY?: boolean;
  write(text: string): unknown;
}

/** Lines that stay, and below them a table that is kept up to date; where nothing can be drawn over, what changes. */
export class Screen {
  private readonly output: Output;
  private drawn: string[] = [];
  private readonly last = new Map<string, string>();

  constructor(output: Output) {
    this.output = output;
  }

  log(line: string): void {
    const table = this.drawn;
    this.erase();
    this.output.write(`${line}\n`);
    this.draw(table);
  }

  show(counts: readonly ScaleSetCounts[]): void {
    if (this.output.isTTY) {
      this.erase();
      this.draw(tableLines(counts));
      return;
    }
    for (const count of counts) {
      const line = plainLine(count);
      if (this.last.get(count.name) !== line) this.output.write(`${line}\n`);
      this.last.set(count.name, line);
    }
  }

  private erase(): void {
    if (this.drawn.length > 0) this.output.write(`\x1b[${this.drawn.length}A\x1b[J`);
    this.drawn = [];
  }

  private draw(lines: string[]): void {
    if (lines.length > 0) this.output.write(`${lines.join('\n')}\n`);
    this.drawn = lines;
  }
}
