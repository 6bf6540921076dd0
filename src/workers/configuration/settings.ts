import type { ValueOf } from './setting.ts';
import {
  duration,
  listenAddress,
  name,
  names,
  oneOf,
  optionalText,
  secondsTable,
  wholeNumber,
} from './setting.ts';

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const LABEL_ALLOWED =
  'lower-case letters, digits and "-", beginning and ending with a letter or digit, at most 63';

const CLUSTER = 'Cluster';

const TEMPORAL = 'Temporal';

const RUNNERS = 'Runners';

const SCALE_SETS = 'Scale sets';

const ENDPOINTS = 'Logs and endpoints';

/** All settings: the one source of flags, environment variables, defaults, help and documentation. */
export const SETTINGS = {
  cluster: name({
    group: CLUSTER,
    flag: 'cluster',
    default: 'default',
    placeholder: 'name',
    pattern: DNS_LABEL,
    allowed: LABEL_ALLOWED,
    description: 'Name of the Kubernetes cluster; part of every workflow id and task queue.',
  }),
  kubeconfig: optionalText({
    group: CLUSTER,
    flag: 'kubeconfig',
    env: 'KUBECONFIG',
    placeholder: 'path',
    description: "Path of a kubeconfig; otherwise ~/.kube/config, otherwise the pod's service account.",
  }),
  context: optionalText({
    group: CLUSTER,
    flag: 'context',
    placeholder: 'name',
    description: 'Context of the kubeconfig; otherwise its current one.',
  }),
  watchNamespaces: names({
    group: CLUSTER,
    flag: 'watch-namespace',
    placeholder: 'namespace',
    pattern: DNS_LABEL,
    allowed: `names of namespaces: ${LABEL_ALLOWED}`,
    description: 'Namespace to serve; may be repeated. All of them unless given.',
  }),
  kubernetesConnections: wholeNumber({
    group: CLUSTER,
    flag: 'kubernetes-connections',
    default: 20,
    min: 1,
    max: 500,
    description:
      'Kept-alive connections to the Kubernetes API: requests in flight at most. Listeners have ten of their own.',
  }),
  snapshotIntervalMs: duration({
    group: CLUSTER,
    flag: 'snapshot-interval',
    default: '30m',
    min: 10_000,
    max: 86_400_000,
    description: 'How often each workflow is sent the full snapshot of its resources.',
  }),
  excludeLabelPropagationPrefixes: names({
    group: CLUSTER,
    flag: 'exclude-label-propagation-prefix',
    placeholder: 'prefix',
    pattern: /^[A-Za-z0-9][\w./-]{0,316}$/,
    allowed: 'beginnings of label keys, such as argocd.argoproj.io/',
    description: 'Labels that begin so are not passed on to child resources; may be repeated.',
  }),
  temporalAddress: optionalText({
    group: TEMPORAL,
    flag: 'temporal-address',
    env: 'TEMPORAL_ADDRESS',
    placeholder: 'host:port',
    pattern: /^[^\s/]+:\d{1,5}$/,
    allowed: '"host:port", such as localhost:7233',
    description: "Temporal's frontend. Otherwise from the profile, otherwise localhost:7233.",
  }),
  temporalNamespace: optionalText({
    group: TEMPORAL,
    flag: 'temporal-namespace',
    env: 'TEMPORAL_NAMESPACE',
    placeholder: 'name',
    description: 'Namespace in Temporal. Otherwise from the profile, otherwise default.',
  }),
  temporalProfile: optionalText({
    group: TEMPORAL,
    flag: 'profile',
    env: 'TEMPORAL_PROFILE',
    placeholder: 'name',
    description: "Profile of Temporal's configuration file (temporal.toml, TEMPORAL_CONFIG_FILE).",
  }),
  workflowPollers: wholeNumber({
    group: TEMPORAL,
    flag: 'workflow-pollers',
    default: 10,
    min: 2,
    max: 200,
    description: 'Workflow tasks asked for at the same time.',
  }),
  activityPollers: wholeNumber({
    group: TEMPORAL,
    flag: 'activity-pollers',
    default: 10,
    min: 1,
    max: 200,
    description: 'Activities asked for at the same time.',
  }),
  maxCachedWorkflows: wholeNumber({
    group: TEMPORAL,
    flag: 'max-cached-workflows',
    default: 1000,
    min: 1,
    max: 100_000,
    description: 'Workflows kept in memory; the others are replayed when something happens.',
  }),
  shutdownGraceMs: duration({
    group: TEMPORAL,
    flag: 'shutdown-grace',
    default: '3s',
    min: 0,
    max: 3_600_000,
    description:
      "How long work in flight may finish on SIGTERM; nothing new is begun. The pod's grace period must be 5s longer.",
  }),
  runnerCreationConcurrency: wholeNumber({
    group: RUNNERS,
    flag: 'runner-creation-concurrency',
    default: 10,
    min: 1,
    max: 500,
    description: 'Runners of one set that are being created at the same time.',
  }),
  failureBackoffSeconds: secondsTable({
    group: RUNNERS,
    flag: 'failure-backoff',
    default: '5,10,20,40,80',
    description: 'Wait before a failed runner is replaced, by failures in a row; the last one repeats.',
  }),
  maxConsecutiveFailures: wholeNumber({
    group: RUNNERS,
    flag: 'max-consecutive-failures',
    default: 5,
    min: 1,
    max: 1000,
    description: 'From this many failures in a row on, one runner at a time is tried.',
  }),
  registrationTimeoutMs: duration({
    group: RUNNERS,
    flag: 'registration-timeout',
    default: '5m',
    min: 1_000,
    max: 86_400_000,
    description:
      'A runner that is up and not online at GitHub for so long is replaced; idle ones are looked at as often.',
  }),
  pendingTimeoutMs: duration({
    group: RUNNERS,
    flag: 'pending-timeout',
    default: '15m',
    min: 1_000,
    max: 86_400_000,
    description: 'A pod that does not run within this time is replaced; waiting for a node does not count.',
  }),
  imageErrorGraceMs: duration({
    group: RUNNERS,
    flag: 'image-error-grace',
    default: '1m',
    min: 0,
    max: 86_400_000,
    description:
      'A pod that waits for what only a person can give (an image, a Secret, a side car that starts) fails after this time.',
  }),
  jobEndGraceMs: duration({
    group: RUNNERS,
    flag: 'job-end-grace',
    default: '1m',
    min: 0,
    max: 86_400_000,
    description:
      'A runner that goes on for so long after its job is ended, unless GitHub says that it has one.',
  }),
  cleanUpSurgePercent: wholeNumber({
    group: RUNNERS,
    flag: 'clean-up-surge',
    default: 50,
    min: 0,
    max: 100,
    description:
      'Pods that are over and being cleaned up beside the runners wanted, in per cent of them; 0 for strict quotas: a place is free once its pod is gone.',
  }),
  jobProtection: oneOf({
    group: RUNNERS,
    flag: 'job-protection',
    values: ['budget', 'annotations', 'off'],
    default: 'budget',
    description:
      'What keeps nodes from being emptied under a job: annotations for autoscalers and a PodDisruptionBudget, the annotations alone, or nothing.',
  }),
  updateStrategy: oneOf({
    group: SCALE_SETS,
    flag: 'update-strategy',
    values: ['immediate', 'eventual'],
    default: 'immediate',
    description:
      'When a new template takes effect: at once, idle runners first, or after all jobs that run, taking no new ones.',
  }),
  deletionDeadlineMs: duration({
    group: SCALE_SETS,
    flag: 'deletion-deadline',
    default: '5m',
    min: 1_000,
    max: 86_400_000,
    description:
      'After this time a deletion goes on without GitHub, where a lost Secret or an unreachable GitHub holds it up.',
  }),
  controllerNamespace: optionalText({
    group: SCALE_SETS,
    flag: 'controller-namespace',
    env: 'CONTROLLER_MANAGER_POD_NAMESPACE',
    placeholder: 'namespace',
    pattern: DNS_LABEL,
    allowed: `name of a namespace: ${LABEL_ALLOWED}`,
    description: 'Where AutoscalingListeners are kept; beside their AutoscalingRunnerSet without it.',
  }),
  listenerMode: oneOf({
    group: SCALE_SETS,
    flag: 'listener-mode',
    values: ['worker', 'pod'],
    default: 'worker',
    description:
      'Where listeners run: in the workers, or each in a pod of its own, as those with a listenerTemplate do in any case.',
  }),
  listenerImage: optionalText({
    group: SCALE_SETS,
    flag: 'listener-image',
    env: 'CONTROLLER_MANAGER_CONTAINER_IMAGE',
    placeholder: 'image',
    description: "Image of listeners' pods.",
  }),
  listenerEntrypoint: name({
    group: SCALE_SETS,
    flag: 'listener-entrypoint',
    env: 'LISTENER_ENTRYPOINT',
    default: '/ghalistener',
    placeholder: 'path',
    pattern: /^\S+$/,
    allowed: 'a program of the image',
    description: "What listeners' pods run.",
  }),
  role: oneOf({
    group: SCALE_SETS,
    flag: 'role',
    values: ['all', 'control', 'listeners'],
    default: 'all',
    description:
      'What this worker serves: everything, all but the message sessions of listeners, or only those. Each needs one at least.',
  }),
  listenerSlots: wholeNumber({
    group: SCALE_SETS,
    flag: 'listener-slots',
    default: 1000,
    min: 1,
    max: 20_000,
    description: 'Listeners that this worker runs at the same time: each scale set needs one.',
  }),
  listenerMetricsAddress: listenAddress({
    group: SCALE_SETS,
    flag: 'listener-metrics-addr',
    default: ':8080',
    description:
      "Where listeners' pods serve their metrics; 0 for none. Those in the workers have no address of their own.",
  }),
  listenerMetricsEndpoint: optionalText({
    group: SCALE_SETS,
    flag: 'listener-metrics-endpoint',
    placeholder: 'path',
    pattern: /^\/[\w./-]*$/,
    allowed: 'a path, such as /metrics',
    description: "Path under which listeners' pods serve their metrics; /metrics without it.",
  }),
  listenerPullSecrets: names({
    group: SCALE_SETS,
    flag: 'listener-pull-secret',
    placeholder: 'secret',
    pattern: /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
    allowed: 'names of Secrets',
    description: "Secret that the image of listeners' pods is pulled with; may be repeated.",
  }),
  logLevel: oneOf({
    group: ENDPOINTS,
    flag: 'log-level',
    values: ['debug', 'info', 'warn', 'error'],
    default: 'info',
    description: 'The least level that is logged.',
  }),
  logFormat: oneOf({
    group: ENDPOINTS,
    flag: 'log-format',
    values: ['text', 'json'],
    default: 'text',
    description: 'Lines for people, or one JSON object a line.',
  }),
  metricsAddress: listenAddress({
    group: ENDPOINTS,
    flag: 'metrics-addr',
    default: ':8080',
    description:
      'Where /metrics is served (Prometheus); 0 for no address of its own. Beside the health endpoints it is served in any case.',
  }),
  healthAddress: listenAddress({
    group: ENDPOINTS,
    flag: 'health-probe-bind-address',
    default: ':8081',
    description:
      'Where /healthz and /readyz are served, and /metrics too; may equal --metrics-addr; 0 for none.',
  }),
} as const;

/** What a setting is called in code. */
export type SettingName = keyof typeof SETTINGS;

/** The settings of a worker, read and valid. */
export type WorkerConfiguration = { readonly [K in SettingName]: ValueOf<(typeof SETTINGS)[K]> };
