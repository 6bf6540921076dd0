import { GROUP, KINDS, PLURALS } from '../api/v1alpha1/group.ts';
import type { Resource } from './client/resources.ts';
import {
  autoscalingListeners,
  autoscalingRunnerSets,
  configMaps,
  customResourceDefinitions,
  ephemeralRunners,
  ephemeralRunnerSets,
  events,
  namespaces,
  podDisruptionBudgets,
  pods,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
} from './client/resources.ts';

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const;

/** A verb of the API, as RBAC names it. */
export type Verb = (typeof VERBS)[number];

/**
 * Where a worker needs a right. `cluster`: in namespace kube-system. `served`: in every namespace that it serves.
 * `controller`: in the namespace that it runs in. `scaleSet`: in the namespace of each scale set.
 */
export type Place = 'cluster' | 'served' | 'controller' | 'scaleSet';

/** One right: what may be done with which objects, and which call needs it. */
export interface Right {
  /** Empty: the core API. */
  group: string;
  /** Plural, with its subresource if any: `pods`, `ephemeralrunners/status`. */
  resource: string;
  verbs: readonly Verb[];
  /** The names that are meant, where they are known: RBAC then allows no other. */
  names?: readonly string[];
  why: string;
}

/** A right of a worker, and where it has it. */
export interface Permission extends Right {
  places: readonly Place[];
  /** Only for scale sets that have this in their spec. */
  only?: 'githubServerTLS';
}

/** The ConfigMap through which workers learn of each other's pauses: one entry per config URL and scope, or budget. */
export const RATE_LIMITS_CONFIG_MAP = 'temporal-arc-github-pauses';

type ResourceName = Pick<Resource, 'apiVersion' | 'plural'>;

/** Objects of a resource, or a part of them, as RBAC names them. */
const on = ({ apiVersion, plural }: ResourceName, subresource?: 'status' | 'finalizers') => ({
  group: apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '',
  resource: subresource === undefined ? plural : `${plural}/${subresource}`,
});

const OWNER =
  'no call: where the API server guards owner references (OpenShift), whoever creates an object needs it of its owner';

/** Rights on one of the four kinds. */
const onKind = (
  kind: ResourceName,
  { places, ...rest }: Pick<Permission, 'verbs' | 'places' | 'why'>,
): Permission[] => [
  { ...on(kind), ...rest, places },
  { ...on(kind, 'status'), verbs: ['patch'], places, why: 'conditions, counts, phase' },
  { ...on(kind, 'finalizers'), verbs: ['update'], places, why: OWNER },
];

/**
 * Everything that workers do with the API server. The charts' roles, the roles of the integration suite and of `make run`,
 * and docs/permissions.md come from here; a test compares it with the calls in the code.
 */
export const PERMISSIONS: readonly Permission[] = [
  ...onKind(autoscalingRunnerSets, {
    verbs: ['get', 'list', 'watch', 'patch'],
    places: ['served'],
    why: 'followed and read; finalizer, and the annotations with the id at GitHub',
  }),
  ...onKind(ephemeralRunnerSets, {
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
    places: ['served'],
    why: 'followed; made for a scale set, brought up to date, scaled, deleted with it',
  }),
  ...onKind(ephemeralRunners, {
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
    places: ['served'],
    why: 'followed; made for a set, deleted when their job is done',
  }),
  {
    ...on(autoscalingListeners),
    verbs: ['list', 'watch'],
    places: ['served'],
    why: 'followed: they may lie beside their scale set',
  },
  ...onKind(autoscalingListeners, {
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
    places: ['controller'],
    why: 'followed; made for a scale set, brought up to date, deleted with it',
  }),
  {
    ...on(pods),
    verbs: ['list', 'watch'],
    places: ['served', 'controller'],
    why: 'followed: pods of runners, of listeners, and those that container hooks made',
  },
  {
    ...on(events),
    verbs: ['create'],
    places: ['served', 'controller'],
    why: 'what happened, told at the object that it happened to',
  },
  {
    ...on(roles),
    verbs: ['patch'],
    places: ['served'],
    why: 'the last of what a scale set leaves is its manager Role: its protection is taken off when its binding is gone already',
  },
  {
    ...on(namespaces),
    verbs: ['get'],
    places: ['cluster'],
    names: ['kube-system'],
    why: 'its uid says which cluster this is; without it, the certificates of the API server do',
  },
  { ...on(pods), verbs: ['get', 'create', 'delete'], places: ['controller'], why: "listeners' pods" },
  {
    ...on(secrets),
    verbs: ['get', 'create', 'patch', 'delete'],
    places: ['controller'],
    why: "configuration and proxy of listeners' pods, each by its name",
  },
  {
    ...on(serviceAccounts),
    verbs: ['get', 'create', 'patch', 'delete'],
    places: ['controller'],
    why: "the ServiceAccounts of listeners' pods",
  },
  {
    ...on(configMaps),
    verbs: ['list', 'watch', 'patch'],
    places: ['controller'],
    names: [RATE_LIMITS_CONFIG_MAP],
    why: 'pauses that GitHub asks for, shared among workers',
  },
  {
    ...on(configMaps),
    verbs: ['create'],
    places: ['controller'],
    why: 'that ConfigMap: RBAC knows no names of what is created',
  },
  {
    ...on(pods),
    verbs: ['get', 'create', 'patch', 'delete'],
    places: ['scaleSet'],
    why: "runners' pods; those with a job are marked",
  },
  {
    ...on(secrets),
    verbs: ['get', 'create', 'patch', 'delete', 'deletecollection'],
    places: ['scaleSet'],
    why: "credentials and proxies, and runners' JIT configs, each by its name; what container hooks left, unseen, by its label",
  },
  {
    ...on(serviceAccounts),
    verbs: ['patch'],
    places: ['scaleSet'],
    why: 'their protection is taken off when the scale set is gone',
  },
  ...[roleBindings, roles].map((resource): Permission => ({
    ...on(resource),
    verbs: ['get', 'create', 'patch', 'delete'],
    places: ['scaleSet'],
    why: "what listeners' pods may do; protection is taken off when the scale set is gone",
  })),
  {
    ...on(podDisruptionBudgets),
    verbs: ['create'],
    places: ['scaleSet'],
    why: 'pods with a job are not evicted',
  },
  {
    ...on(events),
    verbs: ['list'],
    places: ['scaleSet'],
    why: 'why a pod does not start: some of it is told in Events only',
  },
  {
    ...on(configMaps),
    verbs: ['get'],
    places: ['scaleSet'],
    only: 'githubServerTLS',
    why: 'certificates of a GitHub Enterprise Server',
  },
];

/** What the pod of a listener may do in the namespace of its scale set. Its worker makes the Role, and so holds all of it. */
export const LISTENER_PERMISSIONS: readonly Right[] = [
  {
    ...on(ephemeralRunnerSets),
    verbs: ['patch'],
    why: 'the order for replicas; of its own set, by name',
  },
  {
    ...on(ephemeralRunners, 'status'),
    verbs: ['patch'],
    why: 'which job a runner has',
  },
];

/** What the Job of the chart needs that brings the CRDs up to date, and whoever does it by hand: `temporal-arc crds apply`. */
const CRD_PERMISSIONS: readonly Right[] = [
  {
    ...on(customResourceDefinitions),
    verbs: ['create'],
    why: 'crds apply: RBAC knows no names of what is created',
  },
  {
    ...on(customResourceDefinitions),
    verbs: ['get', 'patch'],
    names: KINDS.map((kind) => `${PLURALS[kind]}.${GROUP}`),
    why: 'crds apply',
  },
];

/** What people need for the command `temporal-arc`, in the namespaces that they look at. What they change goes by Temporal. */
export const COMMAND_PERMISSIONS: readonly Right[] = [
  { ...on(ephemeralRunnerSets), verbs: ['get', 'list'], why: 'get, describe, scale, pause, resume' },
  { ...on(autoscalingRunnerSets), verbs: ['list'], why: 'pause and resume' },
  { ...on(ephemeralRunners), verbs: ['get', 'list'], why: 'get runners' },
  { ...on(events), verbs: ['list'], why: 'describe' },
  ...CRD_PERMISSIONS,
];

/** One rule of a Role or ClusterRole. */
export interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: Verb[];
}

/** The roles that a worker acts under, by the chart's object that holds each; `crds` is that of the Job for the CRDs. */
export type RoleKind =
  'cluster' | 'single-namespace' | 'single-namespace-watch' | 'listener' | 'manager' | 'manager-tls' | 'crds';

const isListener = ({ resource }: Permission): boolean => resource.startsWith(autoscalingListeners.plural);

const has = (permission: Permission, ...places: Place[]): boolean =>
  places.some((place) => permission.places.includes(place));

const isFollowed = (permission: Permission): boolean =>
  has(permission, 'served') && has(permission, 'controller');

const SELECTED: Record<Exclude<RoleKind, 'crds'>, (permission: Permission) => boolean> = {
  // Listeners of a controller that was installed elsewhere before are looked after where they lie.
  cluster: (each) => has(each, 'cluster', 'served') || isListener(each),
  'single-namespace': (each) => isFollowed(each) || (has(each, 'controller') && isListener(each)),
  'single-namespace-watch': (each) => has(each, 'served'),
  listener: (each) => has(each, 'controller') && !isListener(each) && !isFollowed(each),
  manager: (each) => has(each, 'scaleSet') && each.only === undefined,
  'manager-tls': (each) => has(each, 'scaleSet'),
};

/** The rules of one of the roles. Rights on the same objects are one rule, in the order in which they are first named. */
export function rulesOf(kind: RoleKind): Rule[] {
  const rules = new Map<string, Rule>();
  const rights: readonly Right[] = kind === 'crds' ? CRD_PERMISSIONS : PERMISSIONS.filter(SELECTED[kind]);
  for (const { group, resource, names, verbs } of rights) {
    const key = JSON.stringify([group, resource, names]);
    const rule = rules.get(key) ?? {
      apiGroups: [group],
      resources: [resource],
      ...(names && { resourceNames: [...names] }),
      verbs: [],
    };
    rule.verbs = VERBS.filter((verb) => verbs.includes(verb) || rule.verbs.includes(verb));
    rules.set(key, rule);
  }
  return joined([...rules.values()]);
}

/** Rules that allow the same with several resources of one group become one. */
function joined(rules: readonly Rule[]): Rule[] {
  const result: Rule[] = [];
  for (const { resources, ...rest } of structuredClone(rules)) {
    const last = result.at(-1);
    const isAlike = last !== undefined && isSame(rest, last) && rest.apiGroups[0] !== GROUP;
    if (isAlike) last.resources.push(...resources);
    else result.push({ ...rest, resources });
  }
  return result;
}

const isSame = (a: Omit<Rule, 'resources'>, b: Rule): boolean =>
  a.apiGroups[0] === b.apiGroups[0] &&
  a.resourceNames === undefined &&
  b.resourceNames === undefined &&
  a.verbs.join() === b.verbs.join();
