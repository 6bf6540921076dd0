import { readdirSync, readFileSync } from 'node:fs';

/** The CPU time that was spent up to a moment, in ticks of the kernel's clock. */
export interface CpuReading {
  /** Milliseconds since this process began. */
  at: number;
  /** Of the whole machine. */
  busy: number;
  /** Of this process and all that it started, by program. */
  own: Record<string, number>;
}

/** Who used the machine between two readings. */
export interface CpuUse {
  /** Seconds of CPU time by program: this process and all that it started. */
  secondsBy: Record<string, number>;
  /** How many CPUs everything else on the machine took on average: what is above 0.1 or so spoils the measurement. */
  othersCpus: number;
}

/** Ticks a second of the kernel's interface: fixed on Linux, whatever the kernel's own clock is. */
const TICKS = 100;

/** Where a reading is taken, and how a line is said. */
export interface CpuSource {
  platform: NodeJS.Platform;
  say: (line: string) => void;
}

const here: CpuSource = { platform: process.platform, say: (line) => console.error(line) };
let told = false;

/** Reads who has spent how much; undefined where the kernel does not tell, which is said once (it does on Linux). */
export function readCpu({ platform, say }: CpuSource = here): CpuReading | undefined {
  if (platform !== 'linux') {
    if (!told) say(`CPU time and memory are read from /proc, which ${platform} has not: not measured.`);
    told = true;
    return undefined;
  }
  try {
    const [, ...fields] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '')
      .trim()
      .split(/\s+/)
      .map(Number);
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = fields;
    return { at: performance.now(), busy: user + nice + system + irq + softirq, own: ownTicks() };
  } catch {
    return undefined;
  }
}

/** What the machine and our processes used between two readings; `undefined` where one is missing. */
export function cpuBetween(
  before: CpuReading | undefined,
  after: CpuReading | undefined,
): CpuUse | undefined {
  if (!before || !after) return undefined;
  const secondsBy: Record<string, number> = {};
  for (const [name, ticks] of Object.entries(after.own)) {
    const seconds = (ticks - (before.own[name] ?? 0)) / TICKS;
    if (seconds > 0) secondsBy[name] = seconds;
  }
  const own = Object.values(secondsBy).reduce((sum, seconds) => sum + seconds, 0);
  const others = (after.busy - before.busy) / TICKS - own;
  return { secondsBy, othersCpus: Math.max(0, others) / ((after.at - before.at) / 1000) };
}

interface Process {
  pid: number;
  parent: number;
  name: string;
  ticks: number;
}

function ownTicks(): Record<string, number> {
  const all = readdirSync('/proc').flatMap((entry) =>
    /^\d+$/.test(entry) ? (readProcess(Number(entry)) ?? []) : [],
  );
  const own = new Set([process.pid]);
  for (let size = 0; size < own.size;) {
    size = own.size;
    for (const { pid, parent } of all) if (own.has(parent)) own.add(pid);
  }
  const ticks: Record<string, number> = {};
  for (const one of all) if (own.has(one.pid)) ticks[one.name] = (ticks[one.name] ?? 0) + one.ticks;
  return ticks;
}

function readProcess(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return {
      pid,
      parent: fields[1] ?? 0,
      name: programOf(args),
      ticks: (fields[11] ?? 0) + (fields[12] ?? 0),
    };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

/** The program's name; for a script of ours, its path within the repository's folder. */
export function programOf(args: readonly string[]): string {
  const script = args.find((arg) => arg.endsWith('.ts'));
  return (script ?? args[0] ?? '')
    .split('/')
    .slice(script === undefined ? -1 : -2)
    .join('/');
}
