/** Finalizers: each holds its object back until what stands behind it has been cleaned up. */

/** Held until children and scale set are gone. */
export const AUTOSCALING_RUNNER_SET_FINALIZER = 'autoscalingrunnerset.actions.github.com/finalizer';
/** Held until all runners of the set are gone. */
export const EPHEMERAL_RUNNER_SET_FINALIZER = 'ephemeralrunnerset.actions.github.com/finalizer';
/** Held until session and pod of the listener are closed. */
export const AUTOSCALING_LISTENER_FINALIZER = 'autoscalinglistener.actions.github.com/finalizer';

/** Held until pod and Secret of the runner are gone. */
const EPHEMERAL_RUNNER_FINALIZER = 'ephemeralrunner.actions.github.com/finalizer';
/** Held until GitHub has forgotten the runner. */
const RUNNER_REGISTRATION_FINALIZER = 'ephemeralrunner.actions.github.com/runner-registration-finalizer';
/** Both finalizers of an EphemeralRunner, in the order in which they are set at its creation. */
export const EPHEMERAL_RUNNER_FINALIZERS = [
  EPHEMERAL_RUNNER_FINALIZER,
  RUNNER_REGISTRATION_FINALIZER,
] as const;

/** On the Secret, Roles, RoleBindings and ServiceAccounts of the scale set's chart, until the set is cleaned up. */
export const CLEANUP_PROTECTION_FINALIZER = 'actions.github.com/cleanup-protection';

/** Kubernetes' own, of a deletion with `--cascade=orphan`: what belongs to the object is let go first, and stays. */
const ORPHAN_FINALIZER = 'orphan';

/** Whether an object is being deleted in such a way that what belongs to it is to be left alone. */
export const isOrphaning = ({
  deletionTimestamp,
  finalizers,
}: {
  deletionTimestamp?: string | undefined;
  finalizers?: string[] | undefined;
}): boolean => deletionTimestamp !== undefined && finalizers?.includes(ORPHAN_FINALIZER) === true;
