/** The API group, version and kinds of the custom resources: ARC's own, so that its resources are ours. */

export const GROUP = 'actions.github.com';
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

export type Kind = keyof typeof PLURALS;

/** Every kind, from the one a person writes down to the one that runs a single job. */
export const KINDS = Object.keys(PLURALS) as readonly Kind[];
