import * as resources from '../../src/kubernetes/client/resources.ts';
import type { Right, RoleKind, Verb } from '../../src/kubernetes/permissions.ts';
import {
  COMMAND_PERMISSIONS,
  LISTENER_PERMISSIONS,
  PERMISSIONS,
  rulesOf,
} from '../../src/kubernetes/permissions.ts';
import { callsIn } from './calls-in-source.ts';

const plurals = Object.fromEntries(
  Object.entries(resources).flatMap(([name, value]) =>
    typeof value === 'object' ? [[name, value.plural]] : [],
  ),
);

const callsOf = (permissions: readonly Right[]): string[] => [
  ...new Set(permissions.flatMap(({ resource, verbs }) => verbs.map((verb) => `${verb} ${resource}`))),
];

/** No call, and needed all the same: the API server asks for it of whoever sets an owner reference that blocks. */
const WITHOUT_CALL = /^update .*\/finalizers$/;

test.each([
  ['workers', ['src/activities', 'src/kubernetes', 'src/workers'], PERMISSIONS],
  ['the command', ['src/cli'], COMMAND_PERMISSIONS],
])('what %s do in the code is what they may do, exactly', (_who, folders, permissions) => {
  const found = folders.map((folder) => callsIn(folder, plurals));
  expect(found.flatMap(({ unknown }) => unknown)).toEqual([]);
  const calls = new Set(found.flatMap((each) => [...each.calls.keys()]));
  const allowed = callsOf(permissions).filter((call) => !WITHOUT_CALL.test(call));
  expect(allowed.toSorted()).toEqual([...calls].toSorted());
});

const KINDS: RoleKind[] = [
  'cluster',
  'single-namespace',
  'single-namespace-watch',
  'listener',
  'manager',
  'manager-tls',
];

const grants = (kind: RoleKind, resource: string): Verb[] =>
  rulesOf(kind).flatMap((rule) => (rule.resources.includes(resource) ? rule.verbs : []));

test('no role lists or watches Secrets, and none allows more than one thing too many', () => {
  for (const kind of KINDS) {
    for (const { apiGroups, resources: what, verbs } of rulesOf(kind))
      expect([...apiGroups, ...what, ...verbs]).not.toContain('*');
    expect(grants(kind, 'secrets')).not.toEqual(expect.arrayContaining(['list']));
    expect(grants(kind, 'secrets')).not.toEqual(expect.arrayContaining(['watch']));
  }
  for (const kind of ['cluster', 'single-namespace', 'single-namespace-watch'] as const)
    for (const resource of ['secrets', 'configmaps', 'serviceaccounts'])
      expect(grants(kind, resource)).toEqual([]);
});

test('in a single namespace nothing outside of it is needed', () => {
  for (const kind of KINDS.filter((each) => each !== 'cluster'))
    expect(grants(kind, 'namespaces')).toEqual([]);
  expect(rulesOf('cluster')).toContainEqual({
    ...{ apiGroups: [''], resources: ['namespaces'], resourceNames: ['kube-system'], verbs: ['get'] },
  });
});

test("what a listener's pod may do, its worker may as well, cluster-wide and in a single namespace: RBAC lets nobody give more", () => {
  for (const { resource, verbs } of LISTENER_PERMISSIONS)
    for (const kind of ['cluster', 'single-namespace-watch'] as const)
      expect(grants(kind, resource)).toEqual(expect.arrayContaining([...verbs]));
});

test('every right is in one of the roles, cluster-wide and in a single namespace', () => {
  const single: RoleKind[] = ['single-namespace', 'single-namespace-watch', 'listener', 'manager-tls'];
  for (const kinds of [['cluster', 'listener', 'manager-tls'] as RoleKind[], single])
    for (const { resource, verbs, places } of PERMISSIONS) {
      if (places.includes('cluster') && kinds === single) continue;
      const granted = kinds.flatMap((kind) => grants(kind, resource));
      expect([resource, granted]).toEqual([resource, expect.arrayContaining([...verbs])]);
    }
});

test('every right says why', () => {
  for (const { why } of [...PERMISSIONS, ...LISTENER_PERMISSIONS, ...COMMAND_PERMISSIONS])
    expect(why).not.toBe('');
});
