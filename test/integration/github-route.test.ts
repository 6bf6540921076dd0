import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { rootCertificates } from 'node:tls';
import { jest } from '@jest/globals';
import { findTinyproxy } from '../../dev/tinyproxy.ts';
import { freePort } from '../../dev/processes.ts';
import type { EphemeralRunnerSpec } from '../../src/api/v1alpha1/ephemeral-runner.ts';
import { configMaps, secrets } from '../../src/kubernetes/client/resources.ts';
import { chainedCertificate, chainedKey, intermediateCa, rootCa } from '../github/tls-files.ts';
import { always, eventually, startScene } from './support/scene.ts';
import type { RunnerSet, Scene } from './support/scene.ts';
import { startTinyproxy } from './support/tinyproxy.ts';
import type { TinyProxy } from './support/tinyproxy.ts';

jest.setTimeout(120_000);

const say = (line: string): void => void process.stderr.write(`integration: ${line}\n`);

const found = await findTinyproxy(say);
if ('missing' in found) say(`The tests of the proxy are skipped: ${found.missing}`);

/** A GitHub as enterprises have them: a private root, which alone is given to us, signed the intermediate CA of its certificate. */
let scene: Scene;

beforeAll(async () => {
  scene = await startScene('route', {
    github: { tls: { cert: chainedCertificate + intermediateCa, key: chainedKey } },
    runnersTrust: rootCa,
  });
  await scene.kubernetes.create(configMaps, scene.namespace, {
    metadata: { name: 'github-ca' },
    data: { 'ca.crt': rootCa },
  });
});
afterAll(() => scene.stop());
afterEach(() => scene.clear());

const trust = (name = 'github-ca'): Pick<EphemeralRunnerSpec, 'githubServerTLS'> => ({
  githubServerTLS: { certificateFrom: { configMapKeyRef: { name, key: 'ca.crt' } } },
});

const isBlocked = (set: RunnerSet, reason: string, message: RegExp): Promise<void> =>
  eventually(async () => {
    const condition = await set.condition('CreationBlocked');
    expect(condition).toMatchObject({ status: 'True', reason });
    expect(condition?.message).toMatch(message);
  });

describe('a private CA, through an intermediate one', () => {
  const writeCa = (name: string, pem: string): Promise<unknown> =>
    scene.kubernetes.mergePatch(
      configMaps,
      { namespace: scene.namespace, name },
      { data: { 'ca.crt': pem } },
    );

  it('carries a whole runner creation, and the way back', async () => {
    const set = await scene.createSet('private-ca', { replicas: 3, runner: trust() });
    await set.ready(3);
    await set.patch({ replicas: 0 });
    await set.ready(0);
    expect(set.registered()).toEqual([]);
  });

  it('that is not given is missed by name, until it is', async () => {
    const set = await scene.createSet('no-ca', { replicas: 1 });
    await isBlocked(
      set,
      'InvalidCertificate',
      /certificate is not trusted .* name its CA in githubServerTLS/,
    );
    await set.edit(trust());
    await set.ready(1);
  });

  it('takes effect with the next call when it changes', async () => {
    await scene.kubernetes.create(configMaps, scene.namespace, {
      metadata: { name: 'changing' },
      data: { 'ca.crt': rootCa },
    });
    const set = await scene.createSet('changing-ca', { replicas: 1, runner: trust('changing') });
    await set.ready(1);
    await writeCa('changing', rootCertificates[0]!);
    await set.patch({ replicas: 2 });
    await isBlocked(set, 'InvalidCertificate', /githubServerTLS/);
    await writeCa('changing', rootCa);
    await set.ready(2);
  });

  it('whose ConfigMap holds no certificate is told of by name', async () => {
    await scene.kubernetes.create(configMaps, scene.namespace, {
      metadata: { name: 'junk' },
      data: { 'ca.crt': 'to be filled in' },
    });
    const set = await scene.createSet('junk-ca', { replicas: 1, runner: trust('junk') });
    await isBlocked(set, 'InvalidCertificate', /githubServerTLS holds no readable certificate/);
    await writeCa('junk', rootCa);
    await set.ready(1);
  });
});

('path' in found ? describe : describe.skip)('a proxy with a password', () => {
  let proxy: TinyProxy;
  /** Where the requests to GitHub's own API came from. */
  let origins: string[];

  /** The runners of the stand-in have no proxy; all else that does not come from the proxy is turned away. */
  const doorkeeper = (message: unknown): void => {
    const { request } = message as { request: IncomingMessage };
    const { remoteAddress = '', localPort } = request.socket;
    if (String(localPort) !== new URL(scene.github.url).port || request.url?.startsWith('/standin/')) return;
    origins.push(remoteAddress);
    if (remoteAddress !== proxy.from) request.socket.destroy();
  };

  const lockDoor = (): void => subscribe('http.server.request.start', doorkeeper);
  const credentials = (password: string) => ({ stringData: { username: proxy.user, password } });
  const proxied = (https: object, noProxy: string[] = []): Partial<EphemeralRunnerSpec> => ({
    ...trust(),
    proxy: { https, noProxy },
  });
  const withPassword = () => proxied({ url: proxy.url, credentialSecretRef: 'proxy' });
  const writePassword = (password: string): Promise<unknown> =>
    scene.kubernetes.mergePatch(
      secrets,
      { namespace: scene.namespace, name: 'proxy' },
      credentials(password),
    );

  beforeAll(async () => {
    proxy = await startTinyproxy(('path' in found && found.path) || '');
    await scene.createSecret('proxy', credentials(proxy.password).stringData);
  });
  afterAll(() => proxy.stop());

  beforeEach(() => {
    origins = [];
  });
  afterEach(() => void unsubscribe('http.server.request.start', doorkeeper));

  it('carries a whole runner creation, and the way back, with no call beside it', async () => {
    lockDoor();
    const set = await scene.createSet('proxied', { replicas: 3, runner: withPassword() });
    await set.ready(3);
    await set.patch({ replicas: 0 });
    await set.ready(0);
    expect(set.registered()).toEqual([]);
    expect(origins.length).toBeGreaterThanOrEqual(8);
    expect(new Set(origins)).toEqual(new Set([proxy.from]));
    expect(new Set(proxy.requests())).toEqual(new Set([`CONNECT ${new URL(scene.github.url).host}`]));
  });

  it('that does not accept the password says where to correct it, and heals', async () => {
    lockDoor();
    await writePassword('outdated');
    const set = await scene.createSet('wrong-password', { replicas: 2, runner: withPassword() });
    await isBlocked(
      set,
      'InvalidProxy',
      /does not accept our credentials \(40[17]\): correct the Secret that proxy\.https\.credentialSecretRef names/,
    );
    expect((await set.condition('CreationBlocked'))?.message).not.toContain('outdated');
    await always(1_000, () => expect(origins).toEqual([]));
    await writePassword(proxy.password);
    await set.ready(2);
    expect(scene.logs.join('\n')).not.toContain(proxy.password);
  });

  it('is left out for what noProxy names: here a network, and the proxy does not even exist', async () => {
    const nowhere = { url: `http://127.0.0.1:${await freePort()}` };
    const set = await scene.createSet('no-proxy', {
      replicas: 1,
      runner: proxied(nowhere, ['.internal.example', '127.0.0.0/8']),
    });
    await set.ready(1);
  });
});
