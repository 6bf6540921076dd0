import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { createDispatcher } from '../../src/github/transport/dispatcher.ts';
import { serverCertificate, serverKey, testCa } from '../github/tls-files.ts';
import { World } from './world.ts';

interface Report {
  url: string;
  githubConfigUrl: string;
  token: string;
  adminUrl: string;
}

const registrationToken = ({ url }: Pick<Report, 'url'>, token: string) =>
  fetch(`${url}/api/v3/orgs/o/actions/runners/registration-token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });

describe('dev github', () => {
  it('runs a stand-in until it is told to stop, and says how to use it', async () => {
    const world = new World();
    let seen: Report | undefined;
    const statuses: number[] = [];
    world.whileStandInRuns = async (out) => {
      seen = JSON.parse(out) as Report;
      statuses.push((await registrationToken(seen, seen.token)).status);
      statuses.push((await fetch(`${seen.adminUrl}/calls`)).status);
    };
    const { code, err } = await world.run('dev github --port 0 -o json');
    expect([code, err, statuses]).toEqual([0, '', [201, 200]]);
    expect(seen).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as unknown,
      githubConfigUrl: `${seen?.url ?? ''}/org/repo`,
      token: 'ghp_standin',
      adminUrl: `${seen?.url ?? ''}/standin`,
    });
    await expect(registrationToken(seen!, 'ghp_standin')).rejects.toThrow('fetch failed');
  });

  it('prints URL, token, administration and calls to try', async () => {
    const { out } = await new World().run('dev github --port 0 --token ghp_mine');
    for (const text of [
      'A stand-in for GitHub runs at http://127',
      'ghp_mine',
      '/standin',
      'curl -s --json',
    ]) {
      expect(out).toContain(text);
    }
  });

  it('takes tokens, a time to begin with, and tells calls', async () => {
    const world = new World();
    const statuses: number[] = [];
    let clock: unknown;
    world.whileStandInRuns = async (out) => {
      const report = JSON.parse(out) as Report;
      for (const token of ['one', 'two', 'ghp_standin'])
        statuses.push((await registrationToken(report, token)).status);
      clock = await (await fetch(`${report.adminUrl}/clock`)).json();
    };
    const { err } = await world.run(
      'dev github --port 0 --token one two --still --start-at 2026-01-01T00:00:00Z --calls -o json',
    );
    expect(statuses).toEqual([201, 201, 401]);
    expect(clock).toMatchObject({ now: Date.parse('2026-01-01T00:00:00Z'), isStill: true });
    expect(err.split('\n')[0]).toMatch(/^POST .*registration-token 201 \d+ ms$/);
  });

  it('speaks HTTPS with a certificate', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'standin-'));
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    await Promise.all([writeFile(cert, serverCertificate), writeFile(key, serverKey)]);
    const world = new World();
    let status: number | undefined;
    world.whileStandInRuns = async (out) => {
      const dispatcher = createDispatcher({ ca: testCa });
      const { adminUrl } = JSON.parse(out) as Report;
      ({ statusCode: status } = await request(`${adminUrl}/calls`, { dispatcher }));
      await dispatcher.destroy();
    };
    await world.run(`dev github --port 0 --tls-cert ${cert} --tls-key ${key} -o json`);
    expect(status).toBe(200);
    await rm(folder, { recursive: true });
  });

  it('refuses a port that is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { code, err } = await new World().run(`dev github --port ${port}`);
    expect([code, err]).toEqual([
      2,
      `error: --port: ${port} is in use; choose another, or 0 for a free one.\n`,
    ]);
    server.close();
  });

  it.each([
    ['dev github --port 70000', 'Give a whole number from 0 to 65535'],
    ['dev github --style gitlab', 'Allowed choices are github, ghes'],
    ['dev github --start-at soon', 'Give a time such as'],
    ['dev github --tls-cert /nowhere/cert.pem', 'belong together'],
    ['dev github --tls-cert /nowhere/c.pem --tls-key /nowhere/k.pem', 'cannot be read (ENOENT)'],
    ['dev gitlab', "unknown command 'gitlab'"],
  ])('%s is refused', async (line, message) => {
    const { code, out, err } = await new World().run(line);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it('ends in good order on SIGTERM', async () => {
    const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
    const child = spawn(process.execPath, [main, 'dev', 'github', '--port', '0']);
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
