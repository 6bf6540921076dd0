/**
 * Records what ARC's charts render with our cases, so that tests can compare without them:
 *
 *   node test/integration/charts/record.ts VERSION FOLDER
 *
 * FOLDER holds ARC's charts of that version, unpacked: its repository has them below `charts`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { ensureTools } from '../../../dev/toolchain/toolchain.ts';
import type { ArcVersion, ChartName } from './cases.ts';
import { CHARTS, casesOf, isComparedWith, recordingOf } from './cases.ts';
import { withoutNothing } from './comparison.ts';
import { render } from './helm.ts';

const [version, folder] = process.argv.slice(2) as [ArcVersion, string];
const { helm } = await ensureTools(['helm']);
for (const [chart, name] of Object.entries(CHARTS) as [ChartName, string][]) {
  for (const one of casesOf(chart).filter((each) => isComparedWith(version, each))) {
    const objects = await render(helm, one, join(folder, name)).catch(() => undefined);
    if (one.error === undefined && !objects) console.error(`${chart}/${one.name}: ARC's chart refuses it.`);
    if (one.error !== undefined && objects) console.error(`${chart}/${one.name}: ARC's chart accepts it.`);
    if (!objects) continue;
    const file = recordingOf(version, one);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      stringify(objects.map(withoutNothing), { aliasDuplicateObjects: false, lineWidth: 0 }),
    );
  }
}
