import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Builder } from './builders.ts';
import { localBases } from './local-base.ts';
import type { Bases } from './local-base.ts';
import type { Architecture } from './packages.ts';
import { ARCHITECTURES } from './packages.ts';
import { version } from '../../src/workers/version.ts';

const project = join(import.meta.dirname, '..', '..');

/** What is asked for; everything has a default. */
export interface ImageWish {
  /** Name without its tag. */
  image?: string | undefined;
  tag?: string | undefined;
  /** `linux/amd64` or `linux/arm64`; that of this machine unless given. */
  platform?: string | undefined;
  bases?: { [K in keyof Bases]?: Bases[K] | undefined };
  builder: Builder;
  progress: (line: string) => void;
}

/**
 * Builds the image of the program. Bases that are not given are the public ones, or, where these cannot be pulled, ones made
 * here.
 *
 * @returns its name, with its tag
 */
export function buildImage(wish: ImageWish): string {
  const { builder, progress } = wish;
  const architecture = architectureOf(wish.platform);
  const tag = `${orElse(wish.image, 'temporal-arc')}:${orElse(wish.tag, version)}`;
  const bases = basesFor(wish, architecture);
  progress(`building ${tag} for linux/${architecture} with ${builder.name}`);
  builder.build({
    context: project,
    tag,
    platform: `linux/${architecture}`,
    arguments: {
      BUILD_BASE: bases.build,
      RUNTIME_BASE: bases.runtime,
      TARGETARCH: architecture,
      BUILDPLATFORM: `linux/${hereArchitecture()}`,
      VERSION: version,
      ...provenance(),
    },
  });
  return tag;
}

const orElse = (given: string | undefined, otherwise: string): string =>
  given === undefined || given === '' ? otherwise : given;

/**
 * The architecture of a platform; without one, this machine's.
 *
 * @throws where no image is made for the platform
 */
export function architectureOf(platform: string | undefined): Architecture {
  if (platform === undefined || platform === '') return hereArchitecture();
  const found = Object.keys(ARCHITECTURES).find((one) => platform === `linux/${one}`);
  if (found !== undefined) return found as Architecture;
  const known = Object.keys(ARCHITECTURES).map((one) => `linux/${one}`);
  throw new Error(`PLATFORM: "${platform}" is not allowed; give ${known.join(' or ')}.`);
}

const hereArchitecture = (): Architecture => (process.arch === 'arm64' ? 'arm64' : 'amd64');

/** As the Dockerfile has them. */
function publicBases(): Bases {
  const text = readFileSync(join(project, 'Dockerfile'), 'utf8');
  const of = (name: string): string => new RegExp(`^ARG ${name}=(\\S+)$`, 'm').exec(text)?.[1] ?? '';
  return { build: of('BUILD_BASE'), runtime: of('RUNTIME_BASE') };
}

function basesFor({ bases = {}, builder, progress }: ImageWish, architecture: Architecture): Bases {
  const here = hereArchitecture();
  const open = publicBases();
  const wanted: Bases = { build: bases.build ?? open.build, runtime: bases.runtime ?? open.runtime };
  const out = [
    ...(builder.pull(wanted.build, `linux/${here}`) ? [] : [wanted.build]),
    ...(builder.pull(wanted.runtime, `linux/${architecture}`) ? [] : [wanted.runtime]),
  ];
  for (const base of out) {
    if (base === bases.build || base === bases.runtime)
      throw new Error(`The base ${base} is not here, and cannot be pulled; name one that is there.`);
  }
  if (out.length === 0) return wanted;
  progress(`not pulled, as no registry is reached: ${out.join(', ')}`);
  return { ...localBases({ builder, architecture, here, project, progress }), ...given(bases) };
}

const given = (bases: NonNullable<ImageWish['bases']>): Partial<Bases> =>
  Object.fromEntries(Object.entries(bases).filter(([, base]) => base !== undefined));

/** What the labels of the image say of where it comes from. */
function provenance(): { REVISION: string; SOURCE: string } {
  const git = (...args: string[]): string => {
    try {
      return execFileSync('git', args, { cwd: project, encoding: 'utf8', stdio: 'pipe' }).trim();
    } catch {
      return '';
    }
  };
  const remote = git('remote', 'get-url', 'origin');
  return {
    REVISION: git('describe', '--always', '--abbrev=40', '--exclude=*', '--dirty') || 'unknown',
    // Of an address with a password in it, nothing is said.
    SOURCE: /^https:\/\/[^@]+$/.test(remote) ? remote.replace(/\.git$/, '') : '',
  };
}
