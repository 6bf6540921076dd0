import { createServer, request as forward } from 'node:http';
import type { Server } from 'node:http';
import { connect as connectTcp } from 'node:net';
import type { AddressInfo } from 'node:net';
import { startGitHub } from '../../dev/github/stand-in.ts';
import type { GitHubStandIn } from '../../dev/github/stand-in.ts';
import { createGitHubConnections } from '../../src/github/connections.ts';
import type { ConnectionKey, GitHubConnections } from '../../src/github/connections.ts';
import { createDispatcher } from '../../src/github/transport/dispatcher.ts';
import {
  chainedCertificate,
  chainedKey,
  intermediateCa,
  rootCa,
  serverCertificate,
  serverKey,
  testCa,
} from './tls-files.ts';

let github: GitHubStandIn;
let connections: GitHubConnections;

const key = (more: Partial<ConnectionKey> = {}): ConnectionKey => ({
  configUrl: github.configUrl('org/repo'),
  credentials: { kind: 'token', token: 'ghp_standin' },
  ...more,
});

beforeEach(() => {
  connections = createGitHubConnections({ timeoutMs: 3_000, maxClients: 3, registrationWaitsMs: [] });
});

afterEach(async () => {
  await connections.close();
  await github.stop();
});

describe('connections', () => {
  beforeEach(async () => {
    github = await startGitHub();
  });

  it('give the same client for the same configuration', () => {
    expect(connections.connect(key())).toBe(connections.connect(structuredClone(key())));
  });

  it.each([
    ['config URL', { configUrl: 'https://github.com/org' }],
    ['token', { credentials: { kind: 'token', token: 'ghp_other' } }],
    ['proxy', { proxy: { httpsProxy: 'http://127.0.0.1:1' } }],
    ['CA', { ca: testCa }],
  ] as const)('give another client for another %s', (_, more) => {
    expect(connections.connect(key(more))).not.toBe(connections.connect(key()));
  });

  it('take a rotated token with the next call, the old one revoked', async () => {
    await connections.connect(key()).getRunner(1);
    github.admin.setCredentials({ tokens: ['ghp_rotated'], revokeAdminTokens: true });
    await expect(connections.connect(key()).getRunner(1)).rejects.toMatchObject({ decision: 'refused' });
    const rotated = connections.connect(key({ credentials: { kind: 'token', token: 'ghp_rotated' } }));
    expect(await rotated.getRunner(1)).toBeUndefined();
  });

  it('forget the client unused for longest, which still works for those who have it', async () => {
    const first = connections.connect(key());
    for (const path of ['a', 'b', 'c']) connections.connect(key({ configUrl: github.configUrl(path) }));
    expect(connections.connect(key())).not.toBe(first);
    expect(await first.getRunner(1)).toBeUndefined();
  });

  it.each([
    ['githubConfigUrl', { configUrl: 'https://github.com' }],
    ['githubServerTLS', { ca: 'no certificate' }],
    ['githubServerTLS', { ca: testCa.replace('MII', 'XXX') }],
    ['proxy', { proxy: { httpProxy: 'proxy:3128' } }],
  ])('refuse a bad %s', (field, more) => {
    let thrown: unknown;
    try {
      connections.connect(key(more));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ decision: 'invalid-config', field });
  });
});

describe('a server with a certificate of its own CA', () => {
  beforeEach(async () => {
    github = await startGitHub({ tls: { cert: serverCertificate, key: serverKey } });
  });

  it('is not trusted by itself', async () => {
    const refused = connections.connect(key()).getRunner(1);
    await expect(refused).rejects.toMatchObject({ decision: 'invalid-config', field: 'githubServerTLS' });
  });

  it('is trusted with the CA', async () => {
    expect(await connections.connect(key({ ca: testCa })).getRunner(1)).toBeUndefined();
  });

  it.each([
    [
      407,
      /proxy does not accept our credentials \(407\): correct the Secret that proxy\.https\.credentialSecretRef/,
    ],
    [403, /proxy does not let us through to 127\.0\.0\.1:\d+ \(403\)/],
  ])('is a setting to be repaired if the proxy answers %d to the tunnel', async (status, message) => {
    const proxy = await startProxy();
    proxy.refusal = status;
    const through = connections.connect(key({ ca: testCa, proxy: { httpsProxy: proxy.url } }));
    try {
      const error: unknown = await through.getRunner(1).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ decision: 'invalid-config', field: 'proxy' });
      expect(String(error)).toMatch(message);
      expect(String(error)).not.toContain('pass');
    } finally {
      proxy.stop();
    }
  });

  it('is reached through a tunnel of the proxy', async () => {
    const proxy = await startProxy();
    const through = connections.connect(key({ ca: testCa, proxy: { httpsProxy: proxy.url } }));
    try {
      expect(await through.getRunner(1)).toBeUndefined();
      expect(proxy.seen).toContain(`CONNECT ${new URL(github.url).host}`);
      expect(proxy.authorization).toBe(`Basic ${Buffer.from('user:pass').toString('base64')}`);
    } finally {
      proxy.stop();
    }
  });
});

describe('a server whose certificate comes from an intermediate CA', () => {
  const start = async (cert: string): Promise<void> => {
    github = await startGitHub({ tls: { cert, key: chainedKey } });
  };
  const ask = (ca: string) => connections.connect(key({ ca })).getRunner(1);

  it.each([
    ['the root', rootCa],
    ['the intermediate', intermediateCa],
    ['both', intermediateCa + rootCa],
  ])('and sends it along is trusted with %s', async (_what, ca) => {
    await start(chainedCertificate + intermediateCa);
    expect(await ask(ca)).toBeUndefined();
  });

  it.each([
    ['the intermediate', intermediateCa],
    ['both', rootCa + intermediateCa],
  ])('and does not send it is trusted with %s', async (_what, ca) => {
    await start(chainedCertificate);
    expect(await ask(ca)).toBeUndefined();
  });

  it.each([
    ['the root alone does not do', rootCa],
    ['another root does not do', testCa],
  ])('and does not send it: %s, and the field is named', async (_what, ca) => {
    await start(chainedCertificate);
    await expect(ask(ca)).rejects.toMatchObject({ decision: 'invalid-config', field: 'githubServerTLS' });
  });

  it('is not trusted with another root, though it sends all there is', async () => {
    await start(chainedCertificate + intermediateCa + rootCa);
    await expect(ask(testCa)).rejects.toMatchObject({ decision: 'invalid-config' });
  });
});

describe('a proxy', () => {
  let proxy: Proxy;

  beforeEach(async () => {
    github = await startGitHub();
    proxy = await startProxy();
  });

  afterEach(() => proxy.stop());

  it('passes on plain HTTP, with its credentials', async () => {
    expect(await connections.connect(key({ proxy: { httpProxy: proxy.url } })).getRunner(1)).toBeUndefined();
    expect(proxy.seen[0]).toMatch(/^POST http:.*registration-token$/);
    expect(proxy.authorization).toMatch(/^Basic /);
  });

  it('is left out for hosts of noProxy', async () => {
    const direct = connections.connect(
      key({ proxy: { httpProxy: proxy.url, noProxy: 'example.com,127.0.0.1' } }),
    );
    expect(await direct.getRunner(1)).toBeUndefined();
    expect(proxy.seen).toEqual([]);
  });

  it('is left out for networks of noProxy, and takes the rest', async () => {
    const route = (noProxy: string) => key({ proxy: { httpProxy: proxy.url, noProxy } });
    expect(await connections.connect(route('127.0.0.0/8')).getRunner(1)).toBeUndefined();
    expect(proxy.seen).toEqual([]);
    expect(await connections.connect(route('10.0.0.0/8,127.0.0.1:1')).getRunner(1)).toBeUndefined();
    expect(proxy.seen).not.toEqual([]);
  });

  it('that does not accept its credentials is a setting to be repaired', async () => {
    proxy.refusal = 407;
    const through = connections.connect(key({ proxy: { httpProxy: proxy.url } }));
    const error: unknown = await through.getRunner(1).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ decision: 'invalid-config', field: 'proxy' });
    expect(String(error)).toMatch(/\(407\): correct the Secret that proxy\.http\.credentialSecretRef names/);
    expect(String(error)).not.toContain('pass');
  });

  it('for HTTPS alone does not concern HTTP', async () => {
    expect(await connections.connect(key({ proxy: { httpsProxy: proxy.url } })).getRunner(1)).toBeUndefined();
    expect(proxy.seen).toEqual([]);
  });

  it('for HTTP alone does not concern HTTPS', async () => {
    const secure = await startGitHub({ tls: { cert: serverCertificate, key: serverKey } });
    const more = { configUrl: secure.configUrl('org'), ca: testCa, proxy: { httpProxy: proxy.url } };
    try {
      expect(await connections.connect(key(more)).getRunner(1)).toBeUndefined();
      expect(proxy.seen).toEqual([]);
    } finally {
      await secure.stop();
    }
  });

  it('that is away is worth a retry, and its password stays out of the error', async () => {
    const url = proxy.url;
    proxy.stop();
    const error: unknown = await connections
      .connect(key({ proxy: { httpProxy: url } }))
      .getRunner(1)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ decision: 'retry' });
    expect(String(error)).not.toContain('pass');
  });
});

it('clients of one config URL pause together, whatever their credentials; those of another go on', async () => {
  github = await startGitHub();
  github.admin.setCredentials({ tokens: ['ghp_standin', 'ghp_other'] });
  const other = key({ credentials: { kind: 'token', token: 'ghp_other' } });
  await connections.connect(other).getRunner(1);
  github.admin.addFault({ match: 'getrunner', kind: 'status', status: 429, retryAfter: 30 });
  await expect(connections.connect(key()).getRunner(1)).rejects.toMatchObject({ decision: 'retry-after' });
  await expect(connections.connect(other).getRunner(1)).rejects.toMatchObject({ decision: 'retry-after' });
  expect(github.admin.stats().calls.getrunner?.count).toBe(2);
  const elsewhere = key({ configUrl: github.configUrl('org/another') });
  expect(await connections.connect(elsewhere).getRunner(1)).toBeUndefined();
});

it("the process's proxies are not for this machine itself", async () => {
  github = await startGitHub();
  const before = process.env['HTTP_PROXY'];
  process.env['HTTP_PROXY'] = 'http://127.0.0.1:9';
  try {
    expect(await connections.connect(key()).getRunner(1)).toBeUndefined();
  } finally {
    if (before === undefined) delete process.env['HTTP_PROXY'];
    else process.env['HTTP_PROXY'] = before;
  }
});

it('the process can name proxies for all', async () => {
  github = await startGitHub();
  const before = process.env['HTTPS_PROXY'];
  process.env['HTTPS_PROXY'] = 'http://127.0.0.1:9';
  const dispatcher = createDispatcher({});
  if (before === undefined) delete process.env['HTTPS_PROXY'];
  else process.env['HTTPS_PROXY'] = before;
  await expect(
    dispatcher.request({ origin: 'https://github.com', path: '/', method: 'GET' }),
  ).rejects.toThrow(/:9/);
  await dispatcher.destroy();
});

interface Proxy {
  url: string;
  seen: string[];
  authorization: string | undefined;
  /** Answers all with this status. */
  refusal: number | undefined;
  stop(): void;
}

async function startProxy(): Promise<Proxy> {
  const seen: string[] = [];
  const server: Server = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
    proxy.authorization = request.headers['proxy-authorization'];
    if (proxy.refusal !== undefined) return void response.writeHead(proxy.refusal).end();
    const { method, headers } = request;
    const onward = forward(request.url ?? '', { method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url ?? ''}`);
    proxy.authorization = request.headers['proxy-authorization'];
    if (proxy.refusal !== undefined) return void socket.end(`HTTP/1.1 ${proxy.refusal} No\r\n\r\n`);
    const [host, port] = (request.url ?? '').split(':');
    const onward = connectTcp(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [onward, socket]) end.on('error', () => onward.destroy());
    socket.on('close', () => onward.destroy());
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const stop = (): void => {
    server.close();
    server.closeAllConnections();
  };
  const { port } = server.address() as AddressInfo;
  const proxy: Proxy = {
    url: `http://user:pass@127.0.0.1:${port}`,
    seen,
    authorization: undefined,
    refusal: undefined,
    stop,
  };
  return proxy;
}
