import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';

/** The two charts, by the folders of their cases. */
export const CHARTS = {
  controller: 'gha-runner-scale-set-controller',
  'scale-set': 'gha-runner-scale-set',
} as const;

/** Which chart, in short. */
export type ChartName = keyof typeof CHARTS;

/** One values file, and what else a release is told. */
export interface ChartCase {
  name: string;
  chart: ChartName;
  release: string;
  namespace: string;
  /** Version of Kubernetes that the templates are rendered for. */
  kubernetes: string;
  values: Record<string, unknown>;
  /** A part of what Helm must say, where nothing can be rendered. */
  error?: string;
}

/** An object as it is rendered. */
export interface Rendered {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  [field: string]: unknown;
}

const FOLDER = join(import.meta.dirname, 'cases');

const DEFAULTS = { release: 'arc-runner-set', namespace: 'arc-runners', kubernetes: '1.33.0', values: {} };

/** All cases of a chart: each file of its folder is one. */
export const casesOf = (chart: ChartName): ChartCase[] =>
  globSync('*.yaml', { cwd: join(FOLDER, chart) })
    .sort()
    .map((file) => ({
      ...DEFAULTS,
      ...(parse(readFileSync(join(FOLDER, chart, file), 'utf8')) as Partial<ChartCase>),
      name: basename(file, '.yaml'),
      chart,
    }));

/** Versions of ARC whose charts were rendered with these cases. */
export const ARC_VERSIONS = ['0.12.1', '0.14.2'] as const;

/** A version of ARC that is compared with. */
export type ArcVersion = (typeof ARC_VERSIONS)[number];

/** Where what ARC's chart renders is recorded. */
export const recordingOf = (arc: ArcVersion, { chart, name }: ChartCase): string =>
  join(import.meta.dirname, 'arc', arc, chart, `${name}.yaml`);

/** Whether this case is compared with that version: its own published values; all that ARC knows with the newest. */
export const isComparedWith = (arc: ArcVersion, { name }: ChartCase): boolean =>
  !/^(error-)?ours-/.test(name) &&
  (name.startsWith('published-values') ? name.endsWith(arc) : arc === ARC_VERSIONS.at(-1));
