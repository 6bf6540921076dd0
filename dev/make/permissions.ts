/** docs/permissions.md, and the rules of the charts' roles: both from src/kubernetes/permissions.ts. */
import type { Place, Right, RoleKind } from '../../src/kubernetes/permissions.ts';
import {
  COMMAND_PERMISSIONS,
  LISTENER_PERMISSIONS,
  PERMISSIONS,
  rulesOf,
} from '../../src/kubernetes/permissions.ts';
import { cell, code, GENERATED, table } from './markdown.ts';

const PLACES: Record<Place, string> = {
  cluster: 'the cluster',
  served: 'each namespace served',
  controller: 'namespace of the workers',
  scaleSet: 'namespace of a scale set',
};

const nameOf = ({ group, resource, names }: Right): string => {
  const whole = group === '' ? resource : `${resource}.${group}`;
  return code(whole) + (names ? ` (only ${names.map(code).join(', ')})` : '');
};

const rowsOf = (rights: readonly Right[]): string[][] =>
  rights.map((right) => [nameOf(right), right.verbs.join(', '), cell(right.why)]);

function workersTable(): string {
  const rows = PERMISSIONS.map(({ places, only, why, ...right }) => [
    nameOf({ ...right, why }),
    right.verbs.join(', '),
    places.map((place) => PLACES[place]).join('; ') + (only ? `, with ${code(only)}` : ''),
    cell(why),
  ]);
  return table(['Objects', 'Verbs', 'Where', 'For'], rows);
}

/** The roles of the charts: who holds them, where, and the rules in them. */
const ROLES: { name: string; kind: string; where: string; of: string }[] = [
  {
    ...{ name: '<controller>', kind: 'ClusterRole', where: 'all namespaces' },
    of: 'each namespace served; the cluster; all of AutoscalingListeners: those of a controller that was installed elsewhere before lie there',
  },
  {
    ...{ name: '<controller>-single-namespace-watch', kind: 'Role', where: '`flags.watchSingleNamespace`' },
    of: 'each namespace served, in place of the ClusterRole',
  },
  {
    ...{ name: '<controller>-single-namespace', kind: 'Role', where: 'namespace of the workers' },
    of: 'AutoscalingListeners, their pods and Events there, in place of the ClusterRole',
  },
  {
    ...{ name: '<controller>-listener', kind: 'Role', where: 'namespace of the workers' },
    of: "what listeners' pods are made of; the ConfigMap that workers share",
  },
  {
    ...{ name: '<scale set>-gha-rs-manager', kind: 'Role', where: 'namespace of the scale set' },
    of: 'namespace of a scale set; made by the chart of the scale set, for the ServiceAccount of the workers',
  },
  {
    ...{ name: '<controller>-crds', kind: 'ClusterRole', where: 'the cluster' },
    of: 'the Job that brings the custom resource definitions up to date; there while an install or an upgrade runs it',
  },
  {
    ...{ name: '<listener>', kind: 'Role', where: 'namespace of the scale set' },
    of: "a listener's pod; made by the workers, who hold all of it themselves",
  },
  {
    ...{ name: '<scale set>-gha-rs-kube-mode', kind: 'Role', where: 'namespace of the scale set' },
    of: "runners' pods with `containerMode.type: kubernetes` or `kubernetes-novolume`",
  },
];

/** Who may do what with the API server, and what each right is for. */
export const permissionsDocument = (): string => `${GENERATED}

# Permissions

Least privilege: each right below is one that a call in the code needs, and no call needs another. Unit tests compare the table
with the code in both directions, and the whole integration suite runs under these roles. Nobody may list or watch Secrets but
the container hooks of kubernetes mode.

## Roles

${table(
  ['Name', 'Kind', 'Holds in', 'Rights'],
  ROLES.map(({ name, kind, where, of }) => [code(name), kind, where, cell(of)]),
)}

With \`flags.watchSingleNamespace\` there are Roles alone, and nothing outside of the two namespaces may be seen.

## Workers

${workersTable()}

That an AutoscalingRunnerSet was not made by the chart is no matter, but its namespace needs the rights of the manager Role.

Every account may read \`/version\` and the schemas that the API server publishes; workers do.

Without some of these rights work goes on, as under the roles of ARC's own charts. What is refused is logged once, and:

${table(
  ['Without', 'So'],
  [
    [`create of ${code('events')}`, 'nothing is told in Events; conditions and the log say it'],
    [
      `list of ${code('events')}`,
      'a pod whose volume cannot be mounted fails when its time is up, not at once',
    ],
    [`patch of ${code('pods')}, create of ${code('poddisruptionbudgets')}`, 'pods with a job may be evicted'],
    [`${code('configmaps')} of the workers`, 'each worker learns of a pause that GitHub asks for by itself'],
    [`get of ${code('namespaces')}`, 'the certificates of the API server say which cluster it is'],
    [`deletecollection of ${code('secrets')}`, 'Secrets that container hooks leave behind stay'],
    [`patch of ${code('…/status')}`, 'there is no status to read'],
  ],
)}

Rights in a namespace go with the namespace. The objects of the scale set's chart are held until the scale set is gone; with
\`flags.watchSingleNamespace\`, uninstall the scale sets before you delete the namespace that is served.

## Listeners' pods

${table(['Objects', 'Verbs', 'For'], rowsOf(LISTENER_PERMISSIONS))}

## Runners' pods

None: their ServiceAccount (\`…-no-permission\`) has no rights. In the two kubernetes modes the container hooks of the runner's image
ask for pods (get, list, create, delete), \`pods/exec\`, \`pods/log\`, jobs (\`kubernetes\` only) and Secrets (get, list, create, delete),
and take no job without.

## The command \`temporal-arc\`

${table(['Objects', 'Verbs', 'For'], rowsOf(COMMAND_PERMISSIONS))}

## What is reached by whoever takes one over

- **A runner**: what its job may do at GitHub, and its namespace's network. In kubernetes mode every Secret and pod of its
  namespace, the credentials of the scale set included: give each trust level a namespace of its own. In dind mode, the node: it
  is privileged.
- **A listener's pod**: the credentials of its scale set (they are in its configuration), how many runners the set has, what the
  status of runners says.
- **A worker**: the namespaces of scale sets: Secrets whose names it knows, and any pod, with any ServiceAccount there. Cluster-wide
  it sees pods, changes the four kinds, and may take part of a Role away; RBAC lets it give no right that it does not hold.
- **Temporal**: no credentials and no JIT configs, which are in no history. Whoever may start and signal workflows there decides how
  many runners there are.
`;

const HEADER =
  '{{/* Generated by dev/make/manifests.ts from src/kubernetes/permissions.ts: change it there. */}}\n';

const define = (name: string, kind: RoleKind): string =>
  `\n{{- define "${name}" -}}\n${rulesText(kind)}{{- end }}\n`;

const rulesText = (kind: RoleKind): string =>
  rulesOf(kind)
    .map(({ apiGroups, resources, resourceNames, verbs }) => {
      const members = Object.entries({
        apiGroups,
        resources,
        ...(resourceNames && { resourceNames }),
        verbs,
      });
      return members
        .map(([name, all], i) => `${i === 0 ? '-' : ' '} ${name}: [${all.map(quoted).join(', ')}]\n`)
        .join('');
    })
    .join('');

const quoted = (word: string): string => (word === '' ? "''" : word);

const CONTROLLER = 'gha-runner-scale-set-controller';
const SCALE_SET = 'gha-runner-scale-set';

/** The rules of the charts' roles as templates, by the path of the file. */
export const ruleTemplates = (): Map<string, string> =>
  new Map([
    [
      `charts/${CONTROLLER}/templates/_rules.tpl`,
      HEADER +
        define(`${CONTROLLER}.rules.cluster`, 'cluster') +
        define(`${CONTROLLER}.rules.singleNamespace`, 'single-namespace') +
        define(`${CONTROLLER}.rules.singleNamespaceWatch`, 'single-namespace-watch') +
        define(`${CONTROLLER}.rules.listener`, 'listener') +
        define(`${CONTROLLER}.rules.crds`, 'crds'),
    ],
    [`charts/${SCALE_SET}/templates/_rules.tpl`, HEADER + managerTemplate()],
  ]);

/** What only some scale sets need comes last, and only for them. */
function managerTemplate(): string {
  const always = rulesText('manager');
  const whole = rulesText('manager-tls');
  if (!whole.startsWith(always))
    throw new Error('Rights with a condition must be the last of the manager Role.');
  const only = `{{- if .Values.githubServerTLS }}\n${whole.slice(always.length)}{{- end }}\n`;
  return `\n{{- define "${SCALE_SET}.rules.manager" -}}\n${always}${only}{{- end }}\n`;
}
