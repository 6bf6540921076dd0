/** Writes the image's bill of materials (CycloneDX) into a file: `sbom.ts FILE`; for PLATFORM, or this machine's. */
import { architectureOf } from '../image/build.ts';
import { writeBillOfMaterials } from '../image/bill-of-materials.ts';
import { join } from 'node:path';

const [, , file = ''] = process.argv;
writeBillOfMaterials({
  project: join(import.meta.dirname, '..', '..'),
  architecture: architectureOf(process.env['PLATFORM']),
  file,
});
console.log(file);
