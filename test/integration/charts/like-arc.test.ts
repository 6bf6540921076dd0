import { readFileSync } from 'node:fs';
import { jest } from '@jest/globals';
import { parse } from 'yaml';
import { ensureTools } from '../../../dev/toolchain/toolchain.ts';
import type { ArcVersion, ChartCase, ChartName, Rendered } from './cases.ts';
import { ARC_VERSIONS, CHARTS, casesOf, isComparedWith, recordingOf } from './cases.ts';
import type { MeantDifference } from './comparison.ts';
import { differencesOf, isMeant, meantDifferences } from './comparison.ts';
import { render } from './helm.ts';

/** Our charts beside ARC's, with the same values: what they render, and what they refuse. */

jest.setTimeout(60_000);

const charts = Object.keys(CHARTS) as ChartName[];
const cases = charts.flatMap(casesOf);
const titled = (some: readonly ChartCase[]) => some.map((one) => [`${one.chart}/${one.name}`, one] as const);

let helm: string;
beforeAll(async () => {
  ({ helm } = await ensureTools(['helm']));
});

const recorded = (arc: ArcVersion, one: ChartCase): Rendered[] =>
  parse(readFileSync(recordingOf(arc, one), 'utf8'), { uniqueKeys: false }) as Rendered[];

const used = new Set<MeantDifference>();

describe.each(ARC_VERSIONS)('as ARC %s', (arc) => {
  const compared = cases.filter((one) => one.error === undefined && isComparedWith(arc, one));

  it.each(titled(compared))('renders %s', async (_title, one) => {
    const meant = meantDifferences().filter(({ chart }) => chart === one.chart);
    const found = differencesOf(recorded(arc, one), await render(helm, one));
    const surprises = found.filter((difference) => !meant.some((each) => isMeant(each, difference, arc)));
    for (const each of meant) if (found.some((one) => isMeant(each, one, arc))) used.add(each);
    expect(surprises).toEqual([]);
  });
});

it.each(titled(cases.filter(({ error }) => error !== undefined)))('refuses %s', async (_title, one) => {
  await expect(render(helm, one)).rejects.toThrow(one.error);
});

it('lists no difference that there is not', () => {
  const unused = meantDifferences().filter((one) => ![...used].some((each) => sameEntry(each, one)));
  expect(unused).toEqual([]);
});

const sameEntry = (one: MeantDifference, other: MeantDifference): boolean =>
  JSON.stringify(one) === JSON.stringify(other);
