import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { cell, code, table } from '../make/markdown.ts';
import { ELSEWHERE } from './settings.ts';
import type { SettingName } from '../../src/workers/configuration/settings.ts';
import { SETTINGS } from '../../src/workers/configuration/settings.ts';

/** The generated parts of the charts' READMEs; everything around them is written by hand. */

const CHARTS = join(import.meta.dirname, '../../charts');

/** A value as values.yaml describes it. */
export interface DescribedValue {
  /** With dots between. */
  name: string;
  /** As it is written; empty where there is none, or where it is a block. */
  standard: string;
  meaning: string;
}

/** The values that a values.yaml describes: each after a line `# -- what it means`. One in a comment has no default. */
export function describedValues(text: string): DescribedValue[] {
  const path: { indent: number; key: string }[] = [];
  const found: DescribedValue[] = [];
  let meaning: string | undefined;
  for (const line of text.split('\n')) {
    const comment = /^\s*# -- (.*)$/.exec(line);
    const [, indent = '', hash, key, rest = ''] = /^(\s*)(# )?([A-Za-z_]\w*):(?:\s+(.*))?$/.exec(line) ?? [];
    if (comment) meaning = comment[1];
    else if (key !== undefined && (hash === undefined || meaning !== undefined)) {
      while ((path.at(-1)?.indent ?? -1) >= indent.length) path.pop();
      const name = [...path.map((each) => each.key), key].join('.');
      if (meaning !== undefined) found.push({ name, standard: hash === undefined ? rest : '', meaning });
      if (hash === undefined) path.push({ indent: indent.length, key });
      meaning = undefined;
    }
  }
  return found;
}

const valuesOf = (chart: string): string =>
  table(
    ['Value', 'Default', 'Meaning'],
    describedValues(readFileSync(join(CHARTS, chart, 'values.yaml'), 'utf8')).map((one) => [
      code(one.name),
      code(one.standard === "''" ? '' : one.standard),
      cell(one.meaning),
    ]),
  );

const SHORT: Record<string, string> = {
  'gha-runner-scale-set-controller': 'controller',
  'gha-runner-scale-set': 'scale-set',
};

function differencesOf(chart: string): string {
  const all = parse(readFileSync(join(CHARTS, 'differences-from-arc.yaml'), 'utf8')) as {
    chart: string;
    why?: string;
  }[];
  const own = all.filter((one) => one.chart === SHORT[chart]);
  return own.flatMap(({ why }) => (why === undefined ? [] : [`- ${why}`])).join('\n');
}

const settingsElsewhere = (): string =>
  table(
    ['Flag', 'Value'],
    Object.entries(ELSEWHERE).map(([name, where]) => [
      code(`--${SETTINGS[name as SettingName].flag}`),
      where,
    ]),
  );

/** A chart's README with its generated parts made anew: those between `<!-- begin: name -->` and `<!-- end: name -->`. */
export function chartReadme(chart: string): string {
  const parts: Record<string, () => string> = {
    values: () => valuesOf(chart),
    differences: () => differencesOf(chart),
    settings: settingsElsewhere,
  };
  return readFileSync(join(CHARTS, chart, 'README.md'), 'utf8').replace(
    /(?<=<!-- begin: (\w+) -->)[\s\S]*?(?=<!-- end: \1 -->)/g,
    (_before, name: string) => `\n\n${parts[name]?.() ?? ''}\n\n`,
  );
}
