import { generateKeyPairSync } from 'node:crypto';
import { jest } from '@jest/globals';
import { ephemeralRunnerSets, events, pods, secrets } from '../../src/kubernetes/client/resources.ts';
import { scaleUpdate } from '../../src/messages/ephemeral-runner-set.ts';
import { eventually, podTemplate, revision, startScene, TOKEN_SECRET } from './support/scene.ts';
import type { Scene } from './support/scene.ts';

jest.setTimeout(180_000);

const TOKEN = 'ghp_5c1e7Zq0mXvT9bLw2RkYhN8dUfJs3AoPgEi4';
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

let scene: Scene;
const jitConfigs = new Set<string>();
const watching = new AbortController();
let watched: Promise<void>;

beforeAll(async () => {
  scene = await startScene('secrets');
  scene.github.admin.setCredentials({
    tokens: [scene.github.token, TOKEN],
    app: { appId: '12', installationId: '34', key: privateKey },
  });
  await scene.createSecret('token', { github_token: TOKEN });
  const app = { github_app_id: '12', github_app_installation_id: '34', github_app_private_key: privateKey };
  await scene.createSecret('app', app);
  watched = collectJitConfigs();
});
afterAll(async () => {
  watching.abort();
  await watched;
  await scene.stop();
});

/** Notes every JIT config that is ever put into a Secret. */
async function collectJitConfigs(): Promise<void> {
  const { kubernetes, namespace } = scene;
  const { resourceVersion } = await kubernetes.list(secrets, { namespace });
  try {
    for await (const { object } of kubernetes.watch(secrets, {
      namespace,
      resourceVersion,
      signal: watching.signal,
    })) {
      const encoded = object.data?.['jitToken'];
      if (encoded) jitConfigs.add(Buffer.from(encoded, 'base64').toString());
    }
  } catch (error) {
    if (!watching.signal.aborted) throw error;
  }
}

/** Every text in a history: names, messages, and the payloads decoded. */
function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (value instanceof Uint8Array) yield Buffer.from(value).toString('utf8');
  else if (ArrayBuffer.isView(value))
    yield Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
  else if (typeof value === 'object' && value !== null)
    for (const member of Object.values(value)) yield* textsIn(member);
}

async function histories(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { workflowId, runId } of scene.temporal.workflow.list()) {
    const history = await scene.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    found.set(`${workflowId} ${runId}`, [...textsIn(history)].join('\n'));
  }
  return found;
}

/** What must be nowhere, by what it is. */
function forbidden(): [what: string, pattern: RegExp][] {
  const literally = (text: string) => new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const keyLines = privateKey.trim().split('\n').slice(1, -1);
  const contents = [...jitConfigs].map(
    (jit) => JSON.parse(Buffer.from(jit, 'base64').toString()) as { secret: string },
  );
  return [
    ['a token', literally(TOKEN)],
    ['the first token', literally(scene.github.token)],
    ...[...jitConfigs].map((jit): [string, RegExp] => ['a JIT config', literally(jit)]),
    ...contents.map(({ secret }): [string, RegExp] => ['the inside of a JIT config', literally(secret)]),
    ...keyLines.map((line): [string, RegExp] => ['a private key', literally(line)]),
    ['anything that begins like a JIT config', /eyJ1cmwi/],
    ['a private key', /PRIVATE KEY/],
    ['a registration token', /AREG[0-9a-f]{24}/],
    ['an installation token', /ghs_[0-9a-f]{36}/],
    ['a JSON web token', /eyJhbGciOi/],
  ];
}

function expectNoSecret(where: string, text: string): void {
  const found = forbidden().filter(([, pattern]) => pattern.test(text));
  expect({ where, found: found.map(([what]) => what) }).toEqual({ where, found: [] });
}

/** Runs a set through what usually makes programs talkative: failures of every kind, jobs, orders, an end. */
async function eventfulLife(): Promise<void> {
  const { admin } = scene.github;
  const faults = { match: 'generatejitconfig', times: 1 } as const;
  admin.addFault(
    { ...faults, kind: 'wrong-types' },
    { ...faults, kind: 'truncated' },
    { ...faults, kind: 'lost-answer' },
    { ...faults, kind: 'status', status: 500, message: `echo ${TOKEN}` },
  );
  const byToken = await scene.createSet('by-token', { replicas: 6, runner: { githubConfigSecret: 'token' } });
  const byApp = await scene.createSet('by-app', { replicas: 3, runner: { githubConfigSecret: 'app' } });
  const [name = '', another = ''] = await byToken.ready(6);
  await byApp.ready(3);
  await scene.startJob(name);
  await scene.deletePod(name);
  scene.runners.end({ namespace: scene.namespace, name: another }, 1);
  await byToken.workflow().executeUpdate(scaleUpdate, { args: [{ replicas: 8 }] });
  await eventually(async () => expect(await byToken.events('RunnerLost')).toHaveLength(1));
  await byToken.ready(8);
  const id = admin.createScaleSet({ name: 'of-single' }).id;
  await scene.createStandaloneRunner('single', id, { githubConfigSecret: 'token' });
  await eventually(() => expect(admin.runners(id)).toMatchObject([{ online: true }]));
  await byApp.edit({ spec: podTemplate({ priorityClassName: 'notexist' }) });
  await eventually(async () =>
    expect(await byApp.condition('CreationBlocked')).toMatchObject({ status: 'True' }),
  );
  await byApp.edit({ ...revision('two'), spec: podTemplate({ priorityClassName: null as never }) });
  await byApp.ready(3);
  admin.setCredentials({ tokens: [scene.github.token], revokeAdminTokens: true });
  await byToken.patch({ replicas: 9 });
  await eventually(async () =>
    expect(await byToken.condition('CreationBlocked')).toMatchObject({
      status: 'True',
      reason: 'GitHubRefused',
    }),
  );
  await byToken.edit({ githubConfigSecret: TOKEN_SECRET });
  await byToken.ready(9);
  // Without it the standalone runner could never be deregistered.
  const good = { github_token: scene.github.token };
  await scene.kubernetes.mergePatch(
    secrets,
    { namespace: scene.namespace, name: 'token' },
    { stringData: good },
  );
}

it('keeps every token, key and JIT config out of histories, logs, Events and whatever else can be read', async () => {
  await eventfulLife();
  const { kubernetes, namespace } = scene;
  const visible = await Promise.all([
    scene.allRunners(),
    kubernetes.list(ephemeralRunnerSets, { namespace }),
    kubernetes.list(pods, { namespace }),
  ]);
  await scene.clear();
  expect(jitConfigs.size).toBeGreaterThanOrEqual(20);
  const all = await histories();
  const ids = [...all.keys()].join('\n');
  for (const id of ['by-token', 'by-app', 'ephemeralrunners/', 'clusterwatch']) expect(ids).toContain(id);
  // The search would find what is there: names of runners travel in payloads.
  expect([...all.values()].join('\n')).toMatch(/"by-token-runner-[a-z0-9]{5}"/);
  for (const [id, text] of all) expectNoSecret(`history of ${id}`, text);
  const { items } = await kubernetes.list(events, { namespace });
  expect(items.length).toBeGreaterThan(5);
  expectNoSecret('Events', JSON.stringify(items));
  expect(scene.logs.length).toBeGreaterThan(5);
  expectNoSecret('logs', scene.logs.join('\n'));
  expectNoSecret('resources', JSON.stringify(visible));
});
