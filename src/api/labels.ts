/** Label keys and their fixed values, and how a name from a GitHub URL becomes a label value. */

/** What an object is a part of (`PART_OF`). */
export const PART_OF_LABEL = 'app.kubernetes.io/part-of';
/** What an object is in it (the components below). */
export const COMPONENT_LABEL = 'app.kubernetes.io/component';

/** `app.kubernetes.io/part-of` of everything below an AutoscalingRunnerSet. */
export const PART_OF = 'gha-runner-scale-set';

/** `app.kubernetes.io/component` of each object. */
export const LISTENER_COMPONENT = 'runner-scale-set-listener';
/** Of an EphemeralRunnerSet. */
export const RUNNER_SET_COMPONENT = 'runner-set';
/** Of an EphemeralRunner and its pod. */
export const RUNNER_COMPONENT = 'runner';

/** Name and namespace of the AutoscalingRunnerSet an object serves. */
export const SCALE_SET_NAME_LABEL = 'actions.github.com/scale-set-name';
/** Its namespace. */
export const SCALE_SET_NAMESPACE_LABEL = 'actions.github.com/scale-set-namespace';

/** The parts of the config URL, each only when the URL has it. */
export const ENTERPRISE_LABEL = 'actions.github.com/enterprise';
/** The organization, or the owner of the repository. */
export const ORGANIZATION_LABEL = 'actions.github.com/organization';
/** The repository, without its owner. */
export const REPOSITORY_LABEL = 'actions.github.com/repository';

/** On a listener's Role and RoleBinding, which live in another namespace than their listener. */
export const LISTENER_NAME_LABEL = 'auto-scaling-listener-name';
/** The listener's namespace. */
export const LISTENER_NAMESPACE_LABEL = 'auto-scaling-listener-namespace';

/** Marks a runner's pod. */
export const EPHEMERAL_RUNNER_LABEL = 'actions-ephemeral-runner';
/** Its value, written as ARC does. */
export const EPHEMERAL_RUNNER_LABEL_VALUE = 'True';
/** On a runner's pod: the revision (`revisionOf`) it was made from. */
export const POD_TEMPLATE_HASH_LABEL = 'pod-template-hash';

/** Set by the runner's container hooks, with the runner's name, on pods and Secrets they make for a job. */
export const RUNNER_POD_LABEL = 'runner-pod';

/** On the pod of a runner that has a job, with the uid of its EphemeralRunnerSet: no eviction is allowed. */
export const JOB_OF_SET_LABEL = 'temporal-arc/job-of-set';

const LONGEST_VALUE = 63;
const CUT_MARK = '-trim';

/**
 * An enterprise, organization or repository name as a label value: one that is too long ends in `-trim`, and what a
 * label value must not begin or end with is taken off.
 */
export function labelValueOf(name: string): string {
  const fitting =
    name.length > LONGEST_VALUE ? name.slice(0, LONGEST_VALUE - CUT_MARK.length) + CUT_MARK : name;
  return fitting.replace(/^[-_.]+|[-_.]+$/g, '');
}
