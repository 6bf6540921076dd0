import { jest } from '@jest/globals';
import { ensureTools } from '../../../dev/toolchain/toolchain.ts';
import type { RoleKind, Rule } from '../../../src/kubernetes/permissions.ts';
import { rulesOf } from '../../../src/kubernetes/permissions.ts';
import type { ChartCase, ChartName, Rendered } from './cases.ts';
import { CHARTS, casesOf } from './cases.ts';
import { render } from './helm.ts';

/** The roles that the charts render, with every values file: what docs/permissions.md says, and nothing else. */

jest.setTimeout(60_000);

let helm: string;
beforeAll(async () => {
  ({ helm } = await ensureTools(['helm']));
});

type Role = Rendered & { rules: Rule[] };

interface Binding extends Rendered {
  roleRef: { kind: string; name: string };
  subjects: { kind: string; name: string; namespace: string }[];
}

const all = (Object.keys(CHARTS) as ChartName[]).flatMap(casesOf).filter(({ error }) => error === undefined);
const titled = all.map((one) => [`${one.chart}/${one.name}`, one] as const);

const isRole = (object: Rendered): object is Role => /^(Cluster)?Role$/.test(object.kind);
/** It is there before an install or an upgrade, and gone after it. */
const isHook = ({ metadata }: Rendered): boolean => metadata.annotations?.['helm.sh/hook'] !== undefined;

const isBinding = (object: Rendered): object is Binding => /^(Cluster)?RoleBinding$/.test(object.kind);

/** What the container hooks of the runner's image ask for; the workers have nothing of it. */
const HOOKS = [
  'pods get list create delete',
  'pods/exec get create',
  'pods/log get list watch',
  'secrets get list create delete',
];
const JOBS = 'jobs get list create delete';

const textOf = ({ resources, verbs }: Rule): string => `${resources.join(' ')} ${verbs.join(' ')}`;

/** Which rights a role of the charts holds, by the end of its name. */
function expectedRules({ kind, metadata: { name } }: Role, { values }: ChartCase): Rule[] {
  const single = (values['flags'] as { watchSingleNamespace?: string } | undefined)?.watchSingleNamespace;
  const suffixed = ['single-namespace-watch', 'single-namespace', 'listener'] as const;
  const found = suffixed.find((suffix) => name.endsWith(`-${suffix}`));
  if (found !== undefined && (single !== undefined || found === 'listener')) return rulesOf(found);
  if (name.endsWith('-leader-election')) return [];
  if (name.endsWith('-crds')) return rulesOf('crds');
  if (name.endsWith('-manager')) return rulesOf(values['githubServerTLS'] ? 'manager-tls' : 'manager');
  const whole: RoleKind | undefined = kind === 'ClusterRole' && single === undefined ? 'cluster' : undefined;
  if (whole === undefined) throw new Error(`Nobody needs the ${kind} ${name}.`);
  return rulesOf(whole);
}

test.each(titled)('%s: each role allows what the table says', async (_title, one) => {
  const objects = await render(helm, one);
  const rendered = objects.filter(isRole);
  for (const role of rendered.filter(({ metadata }) => !metadata.name.endsWith('-kube-mode')))
    expect([role.metadata.name, role.rules]).toEqual([role.metadata.name, expectedRules(role, one)]);
  for (const { metadata, rules } of rendered) {
    const isOfHooks = metadata.name.endsWith('-kube-mode');
    const onSecrets = rules.flatMap(({ resources, verbs }) => (resources.includes('secrets') ? verbs : []));
    expect(onSecrets.includes('watch')).toBe(false);
    expect(onSecrets.includes('list')).toBe(isOfHooks);
  }
});

test.each(titled)('%s: each role has one binding, and nobody else has rights', async (_title, one) => {
  const objects = await render(helm, one);
  const bindings = objects.filter(isBinding);
  const bound = bindings.map(({ metadata, roleRef }) => [metadata.namespace, roleRef.kind, roleRef.name]);
  const held = objects.filter(isRole).map(({ metadata, kind }) => [metadata.namespace, kind, metadata.name]);
  expect(bound.toSorted()).toEqual(held.toSorted());
  for (const { subjects } of bindings) {
    expect(subjects).toHaveLength(1);
    expect(subjects[0]).toMatchObject({
      kind: 'ServiceAccount',
      name: expect.not.stringMatching(/-no-permission$/),
    });
  }
});

test.each([
  ['kubernetes', [...HOOKS, JOBS]],
  ['novolume', HOOKS],
])('%s: runners have what container hooks ask for, for their own account', async (_name, rights) => {
  const one = casesOf('scale-set').find(({ name }) => name === _name)!;
  const objects = await render(helm, one);
  const role = objects.filter(isRole).find(({ metadata }) => metadata.name.endsWith('-kube-mode'));
  expect(role?.rules.map(textOf).toSorted()).toEqual([...rights].toSorted());
  const binding = objects.filter(isBinding).find(({ roleRef }) => roleRef.name === role?.metadata.name);
  expect(binding?.subjects).toMatchObject([{ name: role?.metadata.name, namespace: one.namespace }]);
});

test('a single namespace needs Roles alone, in two namespaces', async () => {
  const one = casesOf('controller').find(({ name }) => name === 'single-namespace')!;
  const rendered = (await render(helm, one)).filter(
    (object) => (isRole(object) || isBinding(object)) && !isHook(object),
  );
  const { watchSingleNamespace: served } = one.values['flags'] as { watchSingleNamespace: string };
  expect(new Set(rendered.map(({ kind }) => kind))).toEqual(new Set(['Role', 'RoleBinding']));
  expect(new Set(rendered.map(({ metadata }) => metadata.namespace))).toEqual(
    new Set([one.namespace, served]),
  );
});
