import { execFile } from 'node:child_process';
import type { ExecFileException } from 'node:child_process';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import type { ChartCase, Rendered } from './cases.ts';
import { CHARTS } from './cases.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** The folder of our chart. */
export const chartFolder = (chart: ChartCase['chart']): string => join(ROOT, 'charts', CHARTS[chart]);

/** Runs Helm with a text at its standard input. Rejects with what it prints. */
export function runHelm(helm: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const answered = (error: ExecFileException | null, stdout: string, stderr: string): void => {
      if (error) reject(new Error(`${stdout}${stderr}`, { cause: error }));
      else resolve(stdout);
    };
    const child = execFile(helm, [...args], { maxBuffer: 64 << 20 }, answered);
    child.stdin?.end(input);
  });
}

const rendered = new Map<string, Promise<Rendered[]>>();

/** Renders a case with a chart: ours, unless another folder is given. Once each; rejects with what Helm says against it. */
export async function render(
  helm: string,
  one: ChartCase,
  folder = chartFolder(one.chart),
): Promise<Rendered[]> {
  const key = JSON.stringify([helm, folder, one]);
  const objects = rendered.get(key) ?? renderAnew(helm, one, folder);
  rendered.set(key, objects);
  return structuredClone(await objects);
}

async function renderAnew(
  helm: string,
  { release, namespace, kubernetes, values }: ChartCase,
  folder: string,
): Promise<Rendered[]> {
  const args = ['template', release, folder, '--namespace', namespace, '--kube-version', kubernetes];
  const text = await runHelm(helm, [...args, '--values', '-'], stringify(values));
  return parseAllDocuments(text, { uniqueKeys: false, merge: false })
    .map((document) => document.toJS() as Rendered | null)
    .filter((object) => object !== null);
}
