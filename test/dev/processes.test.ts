import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ProcessExitError,
  assertPortFree,
  bindingOn,
  freePort,
  freePorts,
  lastLines,
  launch,
  waitUntil,
} from '../../dev/processes.ts';

const fixture = join(import.meta.dirname, 'fixtures', 'parent.ts');
let folder: string;
let logFile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'temporal-arc-test-'));
  logFile = join(folder, 'child.log');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

const shell = (script: string) =>
  launch({ name: 'a shell', command: 'sh', args: ['-c', script], logFile, graceMs: 200 });

(process.platform === 'linux' ? describe : describe.skip)('a child whose parent', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'is ended by %s is gone, and its port free',
    async (signal) => {
      const port = await freePort();
      const parent = spawn(process.execPath, [fixture, 'parent', String(port), logFile], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const child = Number(line.toString());
      await waitUntil('the child listens', () => listens(port), { timeoutMs: 10_000 });
      parent.kill(signal);
      await once(parent, 'exit');
      await waitUntil('the child is gone', () => Promise.resolve(!isAlive(child)), { timeoutMs: 5_000 });
      await assertPortFree(port, 'a test');
    },
    20_000,
  );
});

describe('what binds children to their parent', () => {
  it('is setpriv on Linux, where it is there', () => {
    expect(bindingOn('linux', () => '/usr/bin/setpriv')).toEqual({ setpriv: '/usr/bin/setpriv' });
    expect(bindingOn('linux', () => undefined)).toEqual({ missing: 'setpriv (util-linux) is not there' });
  });

  it('is nothing on macOS, even with a setpriv', () => {
    expect(bindingOn('darwin', () => '/opt/bin/setpriv')).toEqual({
      missing: 'darwin has no parent-death signal',
    });
  });
});

describe('launch', () => {
  it('stops a stubborn process after the grace period', async () => {
    const child = shell('trap "" TERM; echo up; while :; do sleep 0.1; done');
    await waitUntil('the trap is set', () => Promise.resolve(lastLines(logFile) === 'up'));
    await child.stop();
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL', expected: true });
  });

  it('tells an early end with the last lines of the log', async () => {
    const child = shell('echo the disk is full; exit 3');
    const work = child.alive(new Promise(() => undefined));
    await expect(work).rejects.toThrow(ProcessExitError);
    await expect(work).rejects.toThrow(/ended with code 3[^]*the disk is full/);
    expect(await child.failed).toBeInstanceOf(ProcessExitError);
  });

  it('tells that a command is not there', async () => {
    const child = launch({ name: 'nothing', command: 'no-such-command', args: [], logFile });
    await expect(child.alive(new Promise(() => undefined))).rejects.toThrow(/nothing/);
  });
});

describe('ports', () => {
  it('are free and different', async () => {
    const ports = await freePorts(20);
    expect(new Set(ports).size).toBe(20);
    for (const port of ports) await assertPortFree(port, 'a test');
  });

  it('are refused while something listens, by number and purpose', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await expect(assertPortFree(port, 'etcd')).rejects.toThrow(`Port ${port} for etcd is in use.`);
    server.close();
  });
});

it('waitUntil gives up with the last error as its cause', async () => {
  const waiting = waitUntil('The server', () => Promise.reject(new Error('refused')), {
    timeoutMs: 50,
    everyMs: 10,
  });
  await expect(waiting).rejects.toMatchObject({
    message: 'The server: not within 0.05 s.',
    cause: expect.objectContaining({ message: 'refused' }) as Error,
  });
});
