import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { lock } from './lock.ts';
import type { Progress } from './toolchain/toolchain.ts';
import { isExecutable, toolCacheFolder } from './toolchain/toolchain.ts';

const run = promisify(execFile);

/** The package that holds the program alone: nothing of it is installed, and no service starts. */
const PACKAGE = 'tinyproxy-bin';

/** The path of a program, or why there is none. */
export type Found = { path: string } | { missing: string };

/**
 * Finds tinyproxy: `TEMPORAL_ARC_TINYPROXY`, PATH, our cache. Where it is none of these and apt is there, Debian's
 * package is unpacked into the cache; as root, apt's lists are brought up to date if they do not have it.
 */
export async function findTinyproxy(progress: Progress = () => undefined): Promise<Found> {
  const cached = join(dirname(toolCacheFolder()), 'debian', 'tinyproxy');
  const folders = (process.env['PATH'] ?? '').split(delimiter).concat('/usr/sbin', '/usr/bin');
  const places = [
    process.env['TEMPORAL_ARC_TINYPROXY'],
    ...folders.filter(Boolean).map((folder) => join(folder, 'tinyproxy')),
    cached,
  ];
  const path = places.find((place) => place !== undefined && isExecutable(place));
  if (path !== undefined) return { path };
  try {
    await unpack(cached, progress);
    return { path: cached };
  } catch (error) {
    return { missing: `tinyproxy is not installed, and apt could not fetch it: ${wordsOf(error)}` };
  }
}

async function unpack(target: string, progress: Progress): Promise<void> {
  const folder = dirname(target);
  mkdirSync(folder, { recursive: true });
  const held = await lock(join(folder, '.lock'), () => progress('Another start is fetching tinyproxy.'));
  const work = mkdtempSync(join(folder, '.tinyproxy-'));
  try {
    if (isExecutable(target)) return;
    progress(`${PACKAGE}: fetching it from Debian, once for this machine`);
    await download(work);
    const file = readdirSync(work).find((name) => name.endsWith('.deb')) ?? '';
    await run('dpkg-deb', ['--extract', join(work, file), work]);
    renameSync(join(work, 'usr', 'bin', 'tinyproxy'), target);
  } finally {
    rmSync(work, { recursive: true, force: true });
    held.release();
  }
}

async function download(cwd: string): Promise<void> {
  const fetchPackage = () => run('apt-get', ['--quiet', 'download', PACKAGE], { cwd, timeout: 60_000 });
  try {
    await fetchPackage();
  } catch (error) {
    if (process.getuid?.() !== 0 || (error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
    await run('apt-get', ['--quiet', 'update'], { timeout: 120_000 });
    await fetchPackage();
  }
}

/** The last line says what was wrong. */
function wordsOf(error: unknown): string {
  const { stderr = '', message = String(error) } = error as { stderr?: string; message?: string };
  return (stderr.trim() || message).split('\n').at(-1) ?? '';
}
