import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { buildImage } from '../../../dev/image/build.ts';
import type { Builder } from '../../../dev/image/builders.ts';
import { findBuilder } from '../../../dev/image/builders.ts';

/** How a program of the image is started. */
interface Command {
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
}

/** Where the program is started: in its image, as a container would, or from source where no image can be built. */
export interface Installation {
  /** Why there is no image. */
  missing?: string;
  /** Bytes of its files. */
  size?: number;
  buildSeconds?: number;
  /** What the image says of itself. */
  config?: ImageConfig;
  /** How a process sees a file that was given. */
  give(name: string, content: string): string;
  run(program: string, args: readonly string[], env?: Record<string, string>): Command;
  remove(): void;
}

interface ImageConfig {
  User?: string;
  Entrypoint?: string[];
  Labels?: Record<string, string>;
}

const TAG = 'temporal-arc:test';

/** Where a process in the image sees what it was given. */
const GIVEN = '/run';

/** Builds the image where that is possible, and unpacks it. */
export function install(progress: (line: string) => void): Installation {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-arc-image-'));
  const given = join(folder, 'given');
  mkdirSync(given);
  for (const path of [folder, given]) chmodSync(path, 0o755);
  const give = (name: string, content: string): string => {
    writeFileSync(join(given, name), content, { mode: 0o644 });
    return name;
  };
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const found = findBuilder();
  const missing = 'missing' in found ? found.missing : whyNotStart(found);
  if ('missing' in found || missing !== undefined)
    return fromSource({ folder, given, missing, give, remove });
  const began = Date.now();
  buildImage({ image: 'temporal-arc', tag: 'test', builder: found, progress });
  const buildSeconds = Math.round((Date.now() - began) / 1000);
  const { root, config, size } = unpack(found, folder);
  return {
    ...{ size, buildSeconds, config, remove },
    give: (name, content) => `${GIVEN}/${give(name, content)}`,
    run: found.name === 'buildah' ? inRoot(root, given) : inContainer(found.name, given),
  };
}

/** Only root may enter a file system of its own; docker and podman do it for us. */
const whyNotStart = ({ name }: Builder): string | undefined =>
  name !== 'buildah' || process.getuid?.() === 0
    ? undefined
    : 'buildah builds it, and only root can start it here';

function fromSource(parts: {
  folder: string;
  given: string;
  missing: string | undefined;
  give: Installation['give'];
  remove: () => void;
}): Installation {
  const { folder, given, missing = '', give, remove } = parts;
  return {
    ...{ missing, remove },
    give: (name, content) => join(given, give(name, content)),
    run: (program, args, env = {}) => {
      const link = join(folder, basename(program));
      rmSync(link, { force: true });
      symlinkSync(join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts'), link);
      return { command: process.execPath, args: [link, ...args], env: { PATH: process.env['PATH'], ...env } };
    },
  };
}

/** The files of the image below a folder. Ours has no layer that takes anything away. */
function unpack(builder: Builder, folder: string): { root: string; config: ImageConfig; size: number } {
  const [archive, layers, root] = ['image.tar', 'layers', 'root'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  builder.save(TAG, archive);
  mkdirSync(layers);
  mkdirSync(root);
  execFileSync('tar', ['-xf', archive, '-C', layers]);
  rmSync(archive);
  const read = (file: string): unknown => JSON.parse(readFileSync(join(layers, file), 'utf8'));
  const [manifest] = read('manifest.json') as [{ Config: string; Layers: string[] }];
  for (const layer of manifest.Layers) execFileSync('tar', ['-xf', join(layers, layer), '-C', root]);
  const { config } = read(manifest.Config) as { config: ImageConfig };
  rmSync(layers, { recursive: true });
  const size = Number(
    execFileSync('du', ['-sb', '--apparent-size', root], { encoding: 'utf8' }).split('\t')[0],
  );
  return { root, config, size };
}

/** A read-only root with nothing but /tmp to write to, processes of its own, and the user of the image. */
const ENTER = `
set -e
root=$1 given=$2
shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --bind "$given" "$root${GIVEN}"
mount -o remount,bind,ro "$root${GIVEN}"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
exec chroot --userspec=65532:65532 --groups= "$root" "$@"
`;

const inRoot =
  (root: string, given: string): Installation['run'] =>
  (program, args, env = {}) => ({
    command: 'unshare',
    args: [
      ...['--mount', '--pid', '--fork', '--kill-child', '--', 'sh', '-c', ENTER, 'sh', root, given],
      ...[program, ...args],
    ],
    env: { PATH: process.env['PATH'], ...env },
  });

const inContainer =
  (engine: string, given: string): Installation['run'] =>
  (program, args, env = {}) => ({
    command: engine,
    args: [
      ...['run', '--rm', '--network=host', '--read-only', '--tmpfs=/tmp', `--volume=${given}:${GIVEN}:ro`],
      ...Object.entries(env).map(([name, value]) => `--env=${name}=${value}`),
      ...[`--entrypoint=${program}`, TAG, ...args],
    ],
    env: process.env,
  });
