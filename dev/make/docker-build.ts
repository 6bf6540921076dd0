/**
 * Builds the image with docker, podman or buildah, whichever works here. From the environment: IMAGE, TAG, PLATFORM,
 * BUILDER, BUILD_BASE, RUNTIME_BASE, and ARCHIVE, a file to write the image into.
 */
import { rmSync } from 'node:fs';
import { buildImage } from '../image/build.ts';
import { findBuilder } from '../image/builders.ts';

const given = (name: string): string | undefined => process.env[name] || undefined;

function build(): string {
  const builder = findBuilder(given('BUILDER'));
  if ('missing' in builder) {
    const remedy = 'install docker, podman or buildah (docs/image.md)';
    throw new Error(`No program that builds images works here (${builder.missing}); ${remedy}.`);
  }
  const image = buildImage({
    image: given('IMAGE'),
    tag: given('TAG'),
    platform: given('PLATFORM'),
    bases: { build: given('BUILD_BASE'), runtime: given('RUNTIME_BASE') },
    builder,
    progress: (line) => console.error(line),
  });
  const archive = given('ARCHIVE');
  if (archive === undefined) return image;
  rmSync(archive, { force: true });
  builder.save(image, archive);
  return `${image} in ${archive}`;
}

try {
  console.log(build());
} catch (error) {
  // The builder has said more than its error does.
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  console.error(`error: ${line}`);
  process.exitCode = 1;
}
