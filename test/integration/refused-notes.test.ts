import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { createKubernetesClient } from '../../src/kubernetes/client/create-client.ts';
import type { KubernetesClient } from '../../src/kubernetes/client/client.ts';
import type { Resource } from '../../src/kubernetes/client/resources.ts';
import { configMaps, roles } from '../../src/kubernetes/client/resources.ts';
import { createScaleSet } from './support/scale-set-scene.ts';
import type { Scene } from './support/scene.ts';
import { eventually, startScene } from './support/scene.ts';
import { suiteServers } from './support/servers.ts';
import type { RoleRule } from './support/service-account.ts';
import { WORKER_RULES, grant, mayDo, serviceAccountKubeconfig } from './support/service-account.ts';

jest.setTimeout(180_000);

interface Right {
  group: string;
  resource: string;
  verb: 'create' | 'patch';
}

const API_GROUP = 'actions.github.com';
const statusOf = (plural: string): Right => ({
  ...{ group: API_GROUP, resource: `${plural}/status`, verb: 'patch' },
});

/** What is only told, and may be refused; all else goes on. Whoever has no status of a runner marks no pod. */
const TOLD: Record<string, Right[]> = {
  'Events, budgets and marks': [
    { group: '', resource: 'events', verb: 'create' },
    { group: 'policy', resource: 'poddisruptionbudgets', verb: 'create' },
    { group: '', resource: 'pods', verb: 'patch' },
  ],
  statuses: ['ephemeralrunners', 'ephemeralrunnersets', 'autoscalinglisteners', 'autoscalingrunnersets'].map(
    statusOf,
  ),
};

const ACCOUNT = 'restricted';

let scene: Scene;
let kubeconfig: string;
let restricted: KubernetesClient;

beforeAll(async () => {
  scene = await startScene('refused-notes', {
    workerKubeconfig: async ({ namespace, kubernetes }) => {
      kubeconfig = await serviceAccountKubeconfig(
        kubernetes,
        { namespace, name: ACCOUNT },
        suiteServers().kubeconfig,
      );
      restricted = createKubernetesClient({ kubeConfig: kubeconfig });
      await grant(kubernetes, { namespace, name: ACCOUNT }, namespace, rulesWithout());
      return kubeconfig;
    },
  });
}, 60_000);

afterAll(async () => {
  await scene.stop();
  await restricted.close();
  rmSync(dirname(kubeconfig), { recursive: true });
});

/** All rights that a worker needs, but these. */
function rulesWithout(told: Right[] = []): RoleRule[] {
  const isRefused = (group: string, resource: string, verb: string): boolean =>
    told.some((each) => each.group === group && each.resource === resource && each.verb === verb);
  return WORKER_RULES.flatMap(({ apiGroups: [group = ''], resources, verbs, ...names }) =>
    resources.map((resource) => ({
      ...{ ...names, apiGroups: [group], resources: [resource] },
      verbs: verbs.filter((verb) => !isRefused(group, resource, verb)),
    })),
  ).filter(({ verbs }) => verbs.length > 0);
}

/** Takes rights away, or gives them back, and waits until the API server knows. */
async function allow(isAllowed: boolean, told: Right[]): Promise<void> {
  const { namespace } = scene;
  const rules = rulesWithout(isAllowed ? [] : told);
  await scene.kubernetes.mergePatch(roles, { namespace, name: `${namespace}-${ACCOUNT}` }, { rules });
  for (const { group, verb, resource: whole } of told) {
    const [resource = '', subresource] = whole.split('/');
    const access = { namespace, verb, group, resource, subresource };
    await eventually(async () => expect(await mayDo(restricted, access)).toBe(isAllowed));
  }
}

const policyResource = (kind: string): Resource => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  plural:
    kind === 'ValidatingAdmissionPolicy'
      ? 'validatingadmissionpolicies'
      : 'validatingadmissionpolicybindings',
  namespaced: false,
});
const policies = policyResource('ValidatingAdmissionPolicy');
const policyBindings = policyResource('ValidatingAdmissionPolicyBinding');

const wouldTake = (name: string): Promise<boolean> =>
  scene.kubernetes.create(configMaps, scene.namespace, { metadata: { name } }, { dryRun: true }).then(
    () => true,
    () => false,
  );

/** Lets a policy deny them to the worker in this namespace. It denies ConfigMaps as well: that shows when it is in force. */
async function deny(told: Right[]): Promise<() => Promise<void>> {
  const name = scene.namespace;
  const worker = `system:serviceaccount:${name}:${ACCOUNT}`;
  const rule = ({ group, resource, verb }: Right) => ({
    ...{ apiGroups: [group], apiVersions: ['*'], resources: [resource] },
    operations: [verb === 'create' ? 'CREATE' : 'UPDATE'],
  });
  const probe: Right = { group: '', resource: 'configmaps', verb: 'create' };
  const isMeant = `request.userInfo.username == '${worker}' || request.resource.resource == 'configmaps'`;
  await scene.kubernetes.create(policies, undefined, {
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: { resourceRules: [...told, probe].map(rule) },
      matchConditions: [{ name: 'meant', expression: isMeant }],
      validations: [{ expression: 'false', message: 'not here' }],
    },
  } as never);
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': name } };
  await scene.kubernetes.create(policyBindings, undefined, {
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'], matchResources: { namespaceSelector } },
  } as never);
  await eventually(async () => expect(await wouldTake('probe')).toBe(false));
  return async () => {
    for (const each of [policyBindings, policies]) await scene.kubernetes.delete(each, { name });
    await eventually(async () => expect(await wouldTake('probe')).toBe(true));
  };
}

const refusedBy: [string, (told: Right[]) => Promise<() => Promise<void>>][] = [
  [
    'RBAC',
    async (told) => {
      await allow(false, told);
      return () => allow(true, told);
    },
  ],
  ['admission', deny],
];

/** A scale set lives as always: it is set up, does a job beside another, is scaled, and goes. */
async function lives(name: string): Promise<void> {
  const { admin } = scene.github;
  const scaleSet = await createScaleSet(scene, name, { minRunners: 1, maxRunners: 3 });
  const { set } = await eventually(async () => {
    const [first, ...others] = await scaleSet.runnerSets();
    expect(first).toBeDefined();
    expect(others).toEqual([]);
    expect(admin.runners().filter(({ online }) => online)).toHaveLength(1);
    return { set: first! };
  });
  const scaleSetId = set.spec.ephemeralRunnerSpec?.runnerScaleSetId ?? 0;
  const [long, short] = [
    ...admin.queueJobs({ scaleSetId, durationMs: 600_000 }),
    ...admin.queueJobs({ scaleSetId, durationMs: 200 }),
  ];
  await eventually(() => {
    expect(scene.job(long!.jobId).state).toBe('running');
    expect(scene.job(short!.jobId)).toMatchObject({ state: 'completed', result: 'succeeded' });
  });
  // The job that runs, and one that idles.
  await eventually(() => expect(admin.runners().filter(({ online }) => online)).toHaveLength(2));
  admin.finishJob(scene.job(long!.jobId).runnerName ?? '');
  await scaleSet.delete();
  await scaleSet.gone();
  expect([scaleSet.atGitHub(), admin.runners()]).toEqual([undefined, []]);
  await eventually(async () => expect((await scaleSet.workflow().describe()).status.name).toBe('COMPLETED'));
}

const ROWS = refusedBy.flatMap(([by, refuse]) =>
  Object.entries(TOLD).map(([what, told]) => ({ what, told, by, refuse })),
);

test.each(ROWS)('$what that $by refuses hold up nothing', async ({ told, by, refuse }) => {
  const [from, logged] = [Date.now(), scene.logs.length];
  const restore = await refuse(told);
  const refusals = (right: Right, since: number) =>
    scene.requests.filter(
      ({ at, verb, resource, status = 0 }) =>
        at >= since && verb === right.verb && resource === right.resource && status >= 400 && status < 500,
    );
  await lives(`by-${by.toLowerCase()}`);
  const settled = Date.now();
  await sleep(1_000);
  const lines = scene.logs.slice(logged).filter((line) => line.includes('it is let go'));
  for (const right of told) {
    const count = refusals(right, from).length;
    expect([right, count > 0 && count <= 40]).toEqual([right, true]);
    expect(refusals(right, settled)).toEqual([]);
    expect(lines.filter((line) => line.includes(right.resource)).length).toBeGreaterThan(0);
  }
  expect(lines.length).toBeLessThanOrEqual(12);
  await restore();
});
