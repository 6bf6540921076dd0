import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { GitHubStandIn } from '../../dev/github/stand-in.ts';
import { startGitHub } from '../../dev/github/stand-in.ts';
import { createScaleSetClient } from '../../src/github/create-scale-set-client.ts';
import type { ScaleSetClient } from '../../src/github/scale-set-client.ts';

const TIMEOUT_MS = 400;

let github: GitHubStandIn;
let client: ScaleSetClient;
let scaleSetId: number;

beforeEach(async () => {
  github = await startGitHub();
  const { token } = github;
  client = createScaleSetClient({
    configUrl: github.configUrl('org/repo'),
    credentials: { kind: 'token', token },
    timeoutMs: TIMEOUT_MS,
  });
  ({ id: scaleSetId } = await client.createScaleSet({ name: 'set', runnerGroupId: 1 }));
});

afterEach(() => github.stop());

const failure = async (): Promise<{ error: unknown; tookMs: number }> => {
  const started = performance.now();
  const error = await client.generateJitConfig(scaleSetId, { name: 'r1' }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, tookMs: performance.now() - started };
};

describe('a hostile answer gives a typed error in time', () => {
  it.each([
    ['truncated', 'retry', /makes no sense: SyntaxError/],
    ['html', 'retry', /makes no sense/],
    ['empty', 'retry', /makes no sense/],
    ['wrong-types', 'retry', /makes no sense: TypeError: .*\/(runner|encodedJITConfig)/],
    ['huge', 'retry', /larger than 5242880 bytes/],
    ['drip', 'retry', /no answer .*within 0.4 s/],
    ['timeout', 'retry', /no answer .*within 0.4 s/],
    ['reset', 'retry', /no answer/],
    ['lost-answer', 'retry', /no answer/],
    ['redirect-loop', 'refused', /redirects too often/],
  ] as const)('%s: %s', async (kind, decision, text) => {
    github.admin.addFault({ match: 'generatejitconfig', kind, times: 100 });
    const { error, tookMs } = await failure();
    expect(error).toMatchObject({
      name: 'GitHubError',
      decision,
      message: expect.stringMatching(text) as unknown,
    });
    expect(tookMs).toBeLessThan(2_000);
    github.admin.clearFaults();
    await client.generateJitConfig(scaleSetId, { name: 'r2' });
  });

  it.each(['bom', 'gzip'] as const)('but one with %s is read', async (kind) => {
    github.admin.addFault({ match: 'generatejitconfig', kind });
    expect((await client.generateJitConfig(scaleSetId, { name: 'r1' })).runner.name).toBe('r1');
  });

  it('whose call took effect all the same shows at the next try', async () => {
    github.admin.addFault({ match: 'generatejitconfig', kind: 'lost-answer' });
    expect((await failure()).error).toMatchObject({ decision: 'retry' });
    expect((await failure()).error).toMatchObject({ decision: 'runner-exists' });
  });

  it('and none of its own secrets', async () => {
    const message = `your token was Bearer eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjF9.abc, or ${github.token}`;
    github.admin.addFault({ match: 'generatejitconfig', kind: 'status', status: 400, message });
    const { error } = await failure();
    expect(String(error)).not.toMatch(/eyJhb|ghp_standin/);
  });

  it('not even half a JIT config', async () => {
    github.admin.addFault({ match: 'generatejitconfig', kind: 'truncated' });
    const { error } = await failure();
    expect(String(error)).not.toContain(Buffer.from('{"url"').toString('base64').slice(0, 6));
  });
});

describe('a server that is away', () => {
  const clientOf = (port: number): ScaleSetClient =>
    createScaleSetClient({
      configUrl: `http://127.0.0.1:${port}/org`,
      credentials: { kind: 'token', token: 'ghp_x' },
      timeoutMs: TIMEOUT_MS,
    });

  const listen = async (onConnect: (socket: Socket) => void) => {
    const server = createServer(onConnect);
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    return { port: (server.address() as AddressInfo).port, server };
  };

  it('is worth a retry', async () => {
    const { port, server } = await listen(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    await expect(clientOf(port).getRunner(1)).rejects.toMatchObject({
      decision: 'retry',
      message: expect.stringContaining('ECONNREFUSED') as unknown,
    });
  });

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['a header without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`],
    ['more than it announces', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ])('or speaks %s, as well', async (_, bytes) => {
    const { port, server } = await listen((socket) => {
      socket.on('error', () => undefined);
      socket.write(bytes);
      socket.once('data', () => socket.end());
    });
    try {
      await expect(clientOf(port).getRunner(1)).rejects.toMatchObject({
        name: 'GitHubError',
        decision: 'retry',
      });
    } finally {
      server.close();
    }
  });
});
