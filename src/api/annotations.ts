/** Annotation keys. */

/** The scale set's id at GitHub, in decimal digits, on its AutoscalingRunnerSet. */
export const RUNNER_SCALE_SET_ID_ANNOTATION = 'runner-scale-set-id';

/** Names as GitHub returned them; from the AutoscalingRunnerSet they go down to the runner's pod. */
export const RUNNER_GROUP_NAME_ANNOTATION = 'actions.github.com/runner-group-name';
/** The scale set's name, likewise. */
export const RUNNER_SCALE_SET_NAME_ANNOTATION = 'actions.github.com/runner-scale-set-name';

/** Hash of what an object was made from; a difference means that it must be brought up to date. */
export const INTEGRITY_HASH_ANNOTATION = 'actions.github.com/integrity-hash';

/** `spec.patchID` of the EphemeralRunnerSet when it made this runner. */
export const PATCH_ID_ANNOTATION = 'actions.github.com/patch-id';

/** Which objects of the chart lose their protection when the AutoscalingRunnerSet goes; each holds one name. */
export const CLEANUP_KUBERNETES_MODE_ROLE_BINDING_ANNOTATION =
  'actions.github.com/cleanup-kubernetes-mode-role-binding-name';
/** The Role of the container mode `kubernetes`. */
export const CLEANUP_KUBERNETES_MODE_ROLE_ANNOTATION = 'actions.github.com/cleanup-kubernetes-mode-role-name';
/** The ServiceAccount of the container mode `kubernetes`. */
export const CLEANUP_KUBERNETES_MODE_SERVICE_ACCOUNT_ANNOTATION =
  'actions.github.com/cleanup-kubernetes-mode-service-account-name';
/** The ServiceAccount of runners that may do nothing in the cluster. */
export const CLEANUP_NO_PERMISSION_SERVICE_ACCOUNT_ANNOTATION =
  'actions.github.com/cleanup-no-permission-service-account-name';
/** The Secret with the credentials for GitHub. */
export const CLEANUP_GITHUB_SECRET_ANNOTATION = 'actions.github.com/cleanup-github-secret-name';
/** The RoleBinding by which the controller may serve the namespace. */
export const CLEANUP_MANAGER_ROLE_BINDING_ANNOTATION = 'actions.github.com/cleanup-manager-role-binding';
/** The Role by which the controller may serve the namespace. */
export const CLEANUP_MANAGER_ROLE_ANNOTATION = 'actions.github.com/cleanup-manager-role-name';

/** On an EphemeralRunnerSet, with the value `true`: no runner is created; the ones that exist live on. */
export const PAUSED_ANNOTATION = 'temporal-arc/paused';
/** The value that pauses; any other does not. */
export const PAUSED_VALUE = 'true';

/** On an EphemeralRunnerSet that was paused because its AutoscalingRunnerSet is: only then it is resumed with it. */
export const PAUSED_WITH_OWNER_ANNOTATION = 'temporal-arc/paused-with-owner';

/** On an EphemeralRunnerSet, `true`: a new template waits for its busy runners, and no further job is taken. */
export const DRAINING_ANNOTATION = 'temporal-arc/draining';
/** The value that drains; any other does not. */
export const DRAINING_VALUE = 'true';

/** On what a scale set brings with it: the keys of the labels it was given, so that one that is taken off goes below as well. */
export const GIVEN_LABELS_ANNOTATION = 'temporal-arc/given-labels';

/** On an AutoscalingRunnerSet or AutoscalingListener, `pod` or `worker`: where the listener runs. */
export const LISTENER_MODE_ANNOTATION = 'temporal-arc/listener-mode';

/** On an AutoscalingRunnerSet: the config URL at which its scale set id is valid. */
export const CONFIG_URL_ANNOTATION = 'temporal-arc/config-url';

/** On an AutoscalingRunnerSet, JSON: the scale sets, each with `id` and `url`, that are still at URLs that it has left. */
export const LEFT_SCALE_SETS_ANNOTATION = 'temporal-arc/left-scale-sets';

/** On an EphemeralRunner: the revision (`revisionOf`) of the runner spec it was made from. */
export const REVISION_ANNOTATION = 'temporal-arc/revision';

/** On an AutoscalingListener: the message session it holds, so that it goes on even if all of Temporal's memory is lost. */
export const SESSION_ID_ANNOTATION = 'temporal-arc/session-id';

/** On the pod of a runner that has a job: autoscalers of nodes leave it where it is (Cluster Autoscaler, Karpenter). */
export const JOB_PROTECTION_ANNOTATIONS: Readonly<Record<string, string>> = {
  'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
  'karpenter.sh/do-not-disrupt': 'true',
};
