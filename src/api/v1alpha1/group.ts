/** The API group, version and kinds of the custom resources: ARC's own, so that its resources are ours. */

/** The API group, the one that ARC's CRDs have. */
export const GROUP = 'actions.github.com';
/** The only version of the group. */
export const VERSION = 'v1alpha1';
/** What `apiVersion` says in every custom resource of this group. */
export const API_VERSION = `${GROUP}/${VERSION}` as const;

/** The plural of each kind, as it stands in URLs and in the CRD's name. */
export const PLURALS = {
  AutoscalingRunnerSet: 'autoscalingrunnersets',
  AutoscalingListener: 'autoscalinglisteners',
  EphemeralRunnerSet: 'ephemeralrunnersets',
  EphemeralRunner: 'ephemeralrunners',
} as const;

/** A kind of the group, as `kind` says it. */
export type Kind = keyof typeof PLURALS;

/** Every kind, from the one a person writes down to the one that runs a single job. */
export const KINDS = Object.keys(PLURALS) as readonly Kind[];
