import type { ExecFileSyncOptions } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** One image to build. */
interface Build {
  /** Folder with the Dockerfile. */
  context: string;
  /** Name of the image, with its tag. */
  tag: string;
  /** `linux/amd64` or `linux/arm64`. */
  platform: string;
  /** Values for the arguments of the Dockerfile. */
  arguments: Readonly<Record<string, string>>;
}

/** A program of this machine that builds images, with the little that is asked of it. Everything throws what it says. */
export interface Builder {
  readonly name: 'docker' | 'podman' | 'buildah';
  build(build: Build): void;
  /** Whether the image is there. */
  has(image: string): boolean;
  /** Whether the image is there, or could be pulled now. */
  pull(image: string, platform: string): boolean;
  /** Writes the image into a file that `docker load` and `ctr images import` read. */
  save(image: string, file: string): void;
}

type Program = Builder['name'];

/** How each is called, where they differ. Bases are pulled before: what is there is not looked for by its variant again. */
interface Dialect {
  works: readonly string[];
  build: readonly string[];
  inspect: readonly string[];
  save: (image: string, file: string) => string[];
}

const DIALECTS: Readonly<Record<Program, Dialect>> = {
  docker: {
    works: ['info'],
    build: ['build'],
    inspect: ['image', 'inspect'],
    save: (image, file) => ['save', '--output', file, image],
  },
  podman: {
    works: ['info'],
    build: ['build', '--format=oci', '--isolation=chroot', '--pull=never'],
    inspect: ['image', 'inspect'],
    save: (image, file) => ['save', '--format=docker-archive', '--output', file, image],
  },
  buildah: {
    works: ['info'],
    build: ['build', '--format=oci', '--isolation=chroot', '--pull=never', '--layers'],
    inspect: ['inspect', '--type=image'],
    save: (image, file) => ['push', image, `docker-archive:${file}:${image}`],
  },
};

/** The first of docker, podman and buildah that works here, or why none does. */
export function findBuilder(wanted?: string): Builder | { missing: string } {
  const programs = (Object.keys(DIALECTS) as Program[]).filter(
    (program) => wanted === undefined || wanted === program,
  );
  const reasons: string[] = [];
  for (const program of programs) {
    const why = whyNot(program, DIALECTS[program]);
    if (why === undefined) return builder(program, DIALECTS[program]);
    reasons.push(`${program}: ${why}`);
  }
  return { missing: reasons.join('; ') || `there is no builder "${wanted ?? ''}"` };
}

/** A daemon that hangs is as good as none. */
const PROBE_MS = 20_000;

function whyNot(program: Program, { works }: Dialect): string | undefined {
  try {
    execFileSync(program, works, { stdio: 'pipe', timeout: PROBE_MS, env: process.env });
    return undefined;
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: Buffer };
    if (code === 'ENOENT') return 'not installed';
    return (
      String(stderr ?? '')
        .trim()
        .split('\n')
        .at(-1) ?? 'does not answer'
    );
  }
}

function builder(program: Program, dialect: Dialect): Builder {
  const run = (args: readonly string[], options: ExecFileSyncOptions): void => {
    execFileSync(program, args, { env: { ...process.env, DOCKER_BUILDKIT: '1' }, ...options });
  };
  const does = (args: readonly string[], timeout?: number): boolean => {
    try {
      run(args, { stdio: 'ignore', timeout });
      return true;
    } catch {
      return false;
    }
  };
  const has = (image: string): boolean => does([...dialect.inspect, image]);
  return {
    name: program,
    has,
    pull: (image, platform) => has(image) || does(['pull', `--platform=${platform}`, image], PULL_MS),
    build: ({ context, tag, platform, arguments: values }) => {
      const given = Object.entries(values).map(([name, value]) => `--build-arg=${name}=${value}`);
      const where = ['--platform', platform, '--tag', tag, '--file', join(context, 'Dockerfile')];
      // What the builder says goes with our progress, not with our result.
      run([...dialect.build, ...where, ...given, context], { stdio: ['ignore', 2, 2] });
    },
    save: (image, file) => run(dialect.save(image, file), { stdio: ['ignore', 2, 2] }),
  };
}

/** A base of some 80 MB; a registry that is out of reach says so sooner. */
const PULL_MS = 300_000;
