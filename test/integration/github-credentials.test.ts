import { jest } from '@jest/globals';
import { secrets } from '../../src/kubernetes/client/resources.ts';
import { always, eventually, startScene } from './support/scene.ts';
import type { RunnerSet, Scene } from './support/scene.ts';

jest.setTimeout(120_000);

/** Whatever the cause, a set that is blocked is tried again within five seconds. */
const LONGER_THAN_A_TRY_MS = 8_000;

let scene: Scene;

beforeAll(async () => {
  scene = await startScene('credentials');
});
afterAll(() => scene.stop());
afterEach(async () => {
  // Runners can be retired again, whatever a test has revoked.
  scene.github.admin.setCredentials({ tokens: [scene.github.token, 'ghp_after', 'ghp_revoked', 'ghp_new'] });
  await scene.clear();
});

/** A set whose token is its own. */
async function setWithToken(name: string, token: string, replicas: number): Promise<RunnerSet> {
  scene.github.admin.setCredentials({ tokens: [scene.github.token, token] });
  await scene.createSecret(name, { github_token: token });
  const set = await scene.createSet(name, { replicas, runner: { githubConfigSecret: name } });
  await set.ready(replicas);
  return set;
}

const rotate = (name: string, token: string): Promise<unknown> =>
  scene.kubernetes.mergePatch(
    secrets,
    { namespace: scene.namespace, name },
    { stringData: { github_token: token } },
  );

const statusesOf = (name: string): number[] =>
  scene.github.admin
    .calls()
    .filter((call) => call.name === name)
    .map(({ status }) => status);

it('a rotated token is used with the next call: the revoked one is not tried once more', async () => {
  const { admin } = scene.github;
  const set = await setWithToken('rotated', 'ghp_before', 2);
  await rotate('rotated', 'ghp_after');
  admin.setCredentials({ tokens: [scene.github.token, 'ghp_after'], revokeAdminTokens: true });
  admin.clearCalls();
  await set.patch({ replicas: 6 });
  await set.ready(6);
  expect(statusesOf('registrationtoken')).toEqual([201]);
  expect(statusesOf('generatejitconfig')).toEqual([200, 200, 200, 200]);
  expect(await set.events('GitHubRefused')).toEqual([]);
});

it('a revoked token gives one clear condition and no storm, and a new one ends it', async () => {
  const { admin } = scene.github;
  const set = await setWithToken('revoked', 'ghp_revoked', 2);
  admin.setCredentials({ tokens: [scene.github.token], revokeAdminTokens: true });
  admin.clearCalls();
  await set.patch({ replicas: 30 });
  await eventually(async () => {
    const condition = await set.condition('CreationBlocked');
    expect(condition).toMatchObject({ status: 'True', reason: 'GitHubRefused' });
    expect(condition?.message).toMatch(
      /401 Unauthorized.*replace the credentials in the Secret that githubConfigSecret names/,
    );
  });
  await always(LONGER_THAN_A_TRY_MS, async () => {
    expect(await set.condition('CreationBlocked')).toMatchObject({ reason: 'GitHubRefused' });
  });
  // One call of each lane found out, and one of them all asked whether the token still holds.
  expect(statusesOf('registrationtoken')).toEqual([401]);
  expect(statusesOf('generatejitconfig').length).toBeLessThanOrEqual(10);
  expect(new Set(admin.calls().map(({ status }) => status))).toEqual(new Set([401]));
  expect(await set.events('GitHubRefused')).toHaveLength(1);
  expect(set.onlineNames()).toHaveLength(2);
  admin.setCredentials({ tokens: [scene.github.token, 'ghp_new'] });
  await rotate('revoked', 'ghp_new');
  await set.ready(30);
});
