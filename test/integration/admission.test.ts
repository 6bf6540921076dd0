import { jest } from '@jest/globals';
import { pods, secrets } from '../../src/kubernetes/client/resources.ts';
import type { Answer } from './support/admission-webhook.ts';
import { startAdmissionWebhook } from './support/admission-webhook.ts';
import type { RunnerSet, Scene } from './support/scene.ts';
import { always, eventually, podTemplate, startScene } from './support/scene.ts';

/** Admission says no, in any way it can, to each of the three objects that a runner is made of: all ways side by side. */

jest.setTimeout(180_000);

const RESOURCES = ['pods', 'secrets', 'ephemeralrunners'] as const;

interface Row {
  /** Of the set: the webhook and the policy know by it what to say. */
  name: string;
  what: string;
  resource: (typeof RESOURCES)[number];
  /** Absent: the policy says no. */
  answer?: Answer;
  /** It may say yes by itself. */
  forNow?: boolean;
}

const forGood: [string, Answer][] = [
  ['400', { code: 400, reason: 'BadRequest' }],
  ['401', { code: 401, reason: 'Unauthorized' }],
  ['403', { code: 403, reason: 'Forbidden' }],
  ['404', { code: 404, reason: 'NotFound' }],
  ['409', { code: 409, reason: 'Conflict' }],
  ['409-exists', { code: 409, reason: 'AlreadyExists' }],
  ['410', { code: 410, reason: 'Expired' }],
  ['413', { code: 413, reason: 'RequestEntityTooLarge' }],
  ['422', { code: 422, reason: 'Invalid' }],
];
const forNow: [string, Answer][] = [
  ['429', { code: 429, reason: 'TooManyRequests' }],
  ['500', { code: 500, reason: 'InternalError' }],
  ['503', { code: 503, reason: 'ServiceUnavailable' }],
  ['504', { code: 504, reason: 'Timeout' }],
  ['silence', 'silence'],
  ['nonsense', 'nonsense'],
];
const POLICY_REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];

const rows: Row[] = RESOURCES.flatMap((resource) => [
  ...forGood.map(([what, answer]) => ({
    name: `no-${what}-${resource}`,
    what: `a webhook, ${what}`,
    resource,
    answer,
  })),
  ...forNow.map(([what, answer]) => ({
    ...{ name: `now-${what}-${resource}`, what: `a webhook, ${what}`, resource, answer },
    forNow: true,
  })),
  ...POLICY_REASONS.map((reason) => ({
    name: `policy-${reason.toLowerCase()}-${resource}`,
    what: `a policy, ${reason}`,
    resource,
  })),
]);

let scene: Scene;
let webhook: Awaited<ReturnType<typeof startAdmissionWebhook>>;
let isAllowed = false;
const sets = new Map<string, RunnerSet>();

/** Refuses what is named after its reason and this kind. */
const POLICY = {
  failurePolicy: 'Fail',
  matchConstraints: {
    resourceRules: [
      { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods', 'secrets'] },
      {
        ...{ apiGroups: ['actions.github.com'], apiVersions: ['*'] },
        ...{ operations: ['CREATE'], resources: ['ephemeralrunners'] },
      },
    ],
  },
  validations: POLICY_REASONS.map((reason) => ({
    expression: `!object.metadata.name.startsWith('policy-${reason.toLowerCase()}-' + request.resource.resource + '-')`,
    message: 'not today',
    reason,
  })),
};

beforeAll(async () => {
  scene = await startScene('admission');
  const rules = [
    { apiGroups: [''], resources: ['pods', 'secrets'] },
    { apiGroups: ['actions.github.com'], resources: ['ephemeralrunners'] },
  ];
  webhook = await startAdmissionWebhook(scene, rules, ({ resource, name }) => {
    const row = rows.find((each) => each.resource === resource && name.startsWith(`${each.name}-`));
    return (isAllowed ? undefined : row?.answer) ?? 'yes';
  });
  const metadata = { name: `policy-${scene.namespace}` };
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': scene.namespace } };
  await scene.apply(
    { apiVersion, kind: 'ValidatingAdmissionPolicy', metadata, spec: POLICY },
    {
      ...{ apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata },
      spec: {
        ...{ policyName: metadata.name, validationActions: ['Deny'] },
        matchResources: { namespaceSelector },
      },
    },
  );
  const refused = (name: string) =>
    eventually(() =>
      expect(
        scene.kubernetes.create(
          pods,
          scene.namespace,
          { metadata: { name }, spec: podTemplate() },
          { dryRun: true },
        ),
      ).rejects.toThrow('not today'),
    );
  await Promise.all([refused('policy-invalid-pods-x'), refused('no-403-pods-x')]);
  for (const { name } of rows) sets.set(name, await scene.createSet(name, { replicas: 1 }));
}, 180_000);

afterAll(async () => {
  await webhook.stop();
  await scene.stop();
}, 120_000);

const namesOf = async (resource: typeof pods | typeof secrets, prefix: string): Promise<string[]> => {
  const { items } = await scene.kubernetes.list(resource, { namespace: scene.namespace });
  return items.map(({ metadata }) => metadata?.name ?? '').filter((name) => name.startsWith(`${prefix}-`));
};

const registrationsOf = (set: RunnerSet): number =>
  scene.github.admin
    .calls()
    .filter(({ name, path }) => name === 'generatejitconfig' && path.includes(`/${set.scaleSetId}/`)).length;

const reasonOf = ({ resource, forNow: passes }: Row): string => {
  if (passes) return 'AdmissionUnavailable';
  return resource === 'ephemeralrunners' ? 'DeniedByAdmission' : 'InvalidPodTemplate';
};

describe.each(rows.map((row) => [`${row.what}, on ${row.resource}`, row] as const))('%s', (_what, row) => {
  it('is said with its words, once, and leaves no registration, Secret or pod', async () => {
    const set = sets.get(row.name)!;
    await eventually(async () =>
      expect(await set.condition('CreationBlocked')).toMatchObject({
        ...{ status: 'True', reason: reasonOf(row) },
        message: expect.stringContaining(
          row.answer ? `webhook "${webhook.name}"` : 'ValidatingAdmissionPolicy',
        ),
      }),
    );
    await eventually(async () => {
      expect(await set.events(reasonOf(row))).toHaveLength(1);
      expect(set.registered()).toEqual([]);
      expect(await namesOf(secrets, set.name)).toEqual([]);
      expect(await namesOf(pods, set.name)).toEqual([]);
    });
  });

  it('leaves evidence where a person must act', async () => {
    const isEvidence = row.resource !== 'ephemeralrunners' && !row.forNow;
    const failed = await eventually(async () => {
      const runners = await sets.get(row.name)!.runners();
      if (row.resource === 'ephemeralrunners') expect(runners).toEqual([]);
      const those = runners.filter(({ status }) => status?.phase === 'Failed');
      expect(those).toHaveLength(isEvidence ? 1 : 0);
      return those;
    });
    if (!isEvidence) return;
    const what = row.resource === 'pods' ? 'pod' : 'Secret';
    expect(failed[0]?.status).toMatchObject({
      reason: 'InvalidPod',
      message: expect.stringContaining(`Failed to create the ${what}: `),
    });
  });
});

it('while it is refused GitHub is asked for nothing', async () => {
  const before = rows.map(({ name }) => registrationsOf(sets.get(name)!));
  expect(Math.max(...before)).toBeLessThanOrEqual(2);
  const asked = webhook.asked.length;
  await always(4_000, () => undefined);
  expect(rows.map(({ name }) => registrationsOf(sets.get(name)!))).toEqual(before);
  // It is tried, or looked at, all the same.
  expect(webhook.asked.length).toBeGreaterThan(asked);
});

it('is resumed within seconds when it is allowed, and nothing is left of it', async () => {
  isAllowed = true;
  await scene.kubectl(
    'delete',
    'validatingadmissionpolicy,validatingadmissionpolicybinding',
    `policy-${scene.namespace}`,
  );
  const from = Date.now();
  await eventually(async () => {
    const missing = rows.filter(({ name }) => sets.get(name)!.onlineNames().length !== 1);
    expect(missing.map(({ name }) => name)).toEqual([]);
    const left = (await scene.allRunners()).filter(({ status }) => status?.phase === 'Failed');
    expect(left.map(({ metadata }) => metadata.name)).toEqual([]);
  }, 45_000);
  expect(Date.now() - from).toBeLessThan(45_000);
  await eventually(async () => {
    for (const { name } of rows)
      expect(await sets.get(name)!.condition('CreationBlocked')).toMatchObject({ status: 'False' });
  });
});
