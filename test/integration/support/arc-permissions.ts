import type { RoleRule } from './service-account.ts';

const GROUP = 'actions.github.com';
const RBAC = 'rbac.authorization.k8s.io';
const KINDS = ['autoscalingrunnersets', 'autoscalinglisteners', 'ephemeralrunnersets', 'ephemeralrunners'];
const parts = (part: string): string[] => KINDS.map((kind) => `${kind}/${part}`);

/** What the roles of ARC's two charts (0.14.2) allow its controller, where all of it lies in one namespace. */
export const ARC_RULES: readonly RoleRule[] = [
  {
    apiGroups: [GROUP],
    resources: KINDS,
    verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  },
  { apiGroups: [GROUP], resources: parts('status'), verbs: ['get', 'patch', 'update'] },
  { apiGroups: [GROUP], resources: parts('finalizers'), verbs: ['patch', 'update'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['create', 'delete', 'get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['pods/status'], verbs: ['get'] },
  { apiGroups: [''], resources: ['secrets'], verbs: ['create', 'delete', 'get', 'list', 'patch', 'update'] },
  {
    apiGroups: [''],
    resources: ['serviceaccounts'],
    verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  },
  {
    apiGroups: [RBAC],
    resources: ['roles', 'rolebindings'],
    verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  },
];
