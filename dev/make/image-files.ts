/** Lays out the files of the image, in its build: `image-files.ts amd64|arm64 FOLDER` (Dockerfile). */
import { join } from 'node:path';
import { layOutImage } from '../image/files.ts';
import type { Architecture } from '../image/packages.ts';
import { ARCHITECTURES } from '../image/packages.ts';
import { writeBillOfMaterials } from '../image/bill-of-materials.ts';

const [, , architecture = '', out = ''] = process.argv;
if (!(architecture in ARCHITECTURES) || out === '')
  throw new Error(
    `Give ${Object.keys(ARCHITECTURES).join(' or ')}, and a folder; not "${architecture}" "${out}".`,
  );

const project = join(import.meta.dirname, '..', '..');
layOutImage({ project, architecture: architecture as Architecture, out });
writeBillOfMaterials({
  project,
  architecture: architecture as Architecture,
  file: join(out, 'app', 'sbom.cdx.json'),
});
