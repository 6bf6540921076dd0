import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, launch, waitUntil } from '../../../dev/processes.ts';
import { connect } from 'node:net';

/** A real proxy with basic authentication. */
export interface TinyProxy {
  /** Without credentials. */
  url: string;
  user: string;
  password: string;
  /** From here it connects onward, so that servers can tell its requests from direct ones. */
  from: string;
  /** What it was asked for, such as `CONNECT 127.0.0.1:443`, in order. */
  requests(): string[];
  stop(): Promise<void>;
}

export async function startTinyproxy(path: string): Promise<TinyProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-arc-tinyproxy-'));
  const [configFile, logFile] = [join(folder, 'tinyproxy.conf'), join(folder, 'log')];
  const port = await freePort();
  const [user, password, from] = ['proxy-user', 'Pr0xy.Passw0rd', '127.0.0.3'];
  const lines = ['Listen 127.0.0.1', `Port ${port}`, `Bind ${from}`, `BasicAuth ${user} ${password}`];
  writeFileSync(configFile, [...lines, 'Timeout 600', 'MaxClients 200', 'LogLevel Connect', ''].join('\n'));
  const proxy = launch({ name: 'tinyproxy', command: path, args: ['-d', '-c', configFile], logFile });
  await proxy.alive(waitUntil('tinyproxy', () => isListening(port)));
  return {
    url: `http://127.0.0.1:${port}`,
    ...{ user, password, from },
    requests: () =>
      [...readFileSync(logFile, 'utf8').matchAll(/Request \(file descriptor \d+\): (\S+ \S+)/g)].map(
        ([, line = '']) => line,
      ),
    stop: async () => {
      await proxy.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
