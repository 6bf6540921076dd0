/** Resources as people and the chart write them, from the smallest to one that uses everything. */

import type { AutoscalingListener } from '../../src/api/v1alpha1/autoscaling-listener.ts';
import type { AutoscalingRunnerSet } from '../../src/api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunnerSet } from '../../src/api/v1alpha1/ephemeral-runner-set.ts';
import type { EphemeralRunner, EphemeralRunnerSpec } from '../../src/api/v1alpha1/ephemeral-runner.ts';
import { API_VERSION } from '../../src/api/v1alpha1/group.ts';
import type { PodSpec } from '../../src/api/v1alpha1/wire.ts';

type Container = PodSpec['containers'][number];

const githubConfigUrl = 'https://github.com/octo-org/octo-repo';
const githubConfigSecret = 'octo-credentials';
const runnerImage = 'ghcr.io/actions/actions-runner:2.330.0';

const plainPod: PodSpec = {
  restartPolicy: 'Never',
  serviceAccountName: 'octo-no-permission',
  containers: [{ name: 'runner', image: runnerImage, command: ['/home/runner/run.sh'] }],
};

const dockerSideCar: Container = {
  name: 'dind',
  image: 'docker:dind',
  restartPolicy: 'Always',
  args: ['dockerd', '--host=unix:///var/run/docker.sock', '--group=$(DOCKER_GROUP_GID)'],
  env: [{ name: 'DOCKER_GROUP_GID', value: '123' }],
  securityContext: { privileged: true },
  startupProbe: {
    exec: { command: ['docker', 'info'] },
    initialDelaySeconds: 0,
    failureThreshold: 24,
    periodSeconds: 5,
  },
  volumeMounts: [
    { name: 'work', mountPath: '/home/runner/_work' },
    { name: 'dind-sock', mountPath: '/var/run' },
    { name: 'dind-externals', mountPath: '/home/runner/externals' },
  ],
};

const richRunner: Container = {
  name: 'runner',
  image: runnerImage,
  command: ['/home/runner/run.sh'],
  env: [
    { name: 'DOCKER_HOST', value: 'unix:///var/run/docker.sock' },
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'CPU_LIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
    { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'registry', key: 'token', optional: true } } },
  ],
  envFrom: [{ configMapRef: { name: 'runner-settings' } }, { secretRef: { name: 'runner-secrets' } }],
  resources: {
    requests: { cpu: '500m', memory: '1.5Gi', 'ephemeral-storage': '10G' },
    limits: { cpu: '4', memory: '8Gi', 'nvidia.com/gpu': '1' },
  },
  ports: [{ containerPort: 8080 }, { name: 'dns', containerPort: 5353, protocol: 'UDP' }],
  lifecycle: { preStop: { httpGet: { path: '/stop', port: 'dns' } } },
  readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 3 },
  volumeMounts: [
    { name: 'work', mountPath: '/home/runner/_work' },
    { name: 'dind-sock', mountPath: '/var/run' },
    { name: 'ca', mountPath: '/etc/ssl/ca.pem', subPath: 'ca.pem', readOnly: true },
  ],
  securityContext: {
    runAsNonRoot: true,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  },
};

const dindPod: PodSpec = {
  restartPolicy: 'Never',
  terminationGracePeriodSeconds: 60,
  imagePullSecrets: [{ name: 'registry' }],
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ key: 'runners', operator: 'Exists', effect: 'NoSchedule' }],
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: { app: 'r' } },
    },
  ],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'pool', operator: 'In', values: ['runners'] }] }],
      },
    },
  },
  hostAliases: [{ ip: '10.0.0.9', hostnames: ['ghes.internal'] }],
  securityContext: { fsGroup: 123 },
  initContainers: [
    {
      name: 'init-dind-externals',
      image: runnerImage,
      command: ['cp', '-r', '/home/runner/externals/.', '/home/runner/tmpDir/'],
      volumeMounts: [{ name: 'dind-externals', mountPath: '/home/runner/tmpDir' }],
    },
    dockerSideCar,
  ],
  containers: [richRunner],
  volumes: [
    { name: 'dind-sock', emptyDir: {} },
    { name: 'dind-externals', emptyDir: { medium: 'Memory', sizeLimit: '2Gi' } },
    {
      name: 'ca',
      projected: { sources: [{ configMap: { name: 'ca', items: [{ key: 'ca.pem', path: 'ca.pem' }] } }] },
    },
    {
      name: 'work',
      ephemeral: {
        volumeClaimTemplate: {
          metadata: { labels: { kind: 'work' }, annotations: { 'octo.example/class': 'fast' } },
          spec: {
            accessModes: ['ReadWriteOnce'],
            storageClassName: 'fast',
            resources: { requests: { storage: '20Gi' } },
          },
        },
      },
    },
  ],
};

const metadataBlock = { labels: { team: 'octo' }, annotations: { 'octo.example/owner': 'platform' } };

const proxy = {
  http: { url: 'http://proxy.internal:3128', credentialSecretRef: 'proxy-credentials' },
  https: { url: 'http://proxy.internal:3128' },
  noProxy: ['.internal', '10.0.0.0/8'],
};

const githubServerTLS = { certificateFrom: { configMapKeyRef: { name: 'ca', key: 'ca.pem' } } };

const vaultConfig = {
  type: 'azure_key_vault',
  azureKeyVault: {
    url: 'https://octo.vault.azure.net',
    tenantId: '11111111-2222-3333-4444-555555555555',
    clientId: '66666666-7777-8888-9999-000000000000',
    certificatePath: '/akv/cert.pem',
  },
  proxy: { https: { url: 'http://proxy.internal:3128' } },
};

const listenerPod = {
  metadata: { labels: { team: 'octo' } },
  spec: {
    nodeSelector: { pool: 'system' },
    containers: [{ name: 'listener', resources: { limits: { cpu: '100m', memory: '128Mi' } } }],
  },
};

const listenerMetrics = {
  counters: { gha_started_jobs_total: { labels: ['repository', 'organization'] } },
  gauges: { gha_assigned_jobs: { labels: [] } },
  histograms: { gha_job_startup_duration_seconds: { labels: ['job_name'], buckets: [0.01, 1, 60, 600] } },
};

export const minimalScaleSet: AutoscalingRunnerSet = {
  apiVersion: API_VERSION,
  kind: 'AutoscalingRunnerSet',
  metadata: { name: 'minimal' },
  spec: { githubConfigUrl, githubConfigSecret, template: { spec: plainPod } },
};

export const maximalScaleSet: AutoscalingRunnerSet = {
  apiVersion: API_VERSION,
  kind: 'AutoscalingRunnerSet',
  metadata: { name: 'maximal', labels: { 'app.kubernetes.io/version': '0.14.2' } },
  spec: {
    githubConfigUrl,
    githubConfigSecret,
    runnerGroup: 'octo-group',
    runnerScaleSetName: 'octo-runners',
    runnerScaleSetLabels: ['linux', 'gpu'],
    minRunners: 2,
    maxRunners: 20,
    proxy,
    githubServerTLS,
    vaultConfig,
    template: { metadata: metadataBlock, spec: dindPod },
    listenerTemplate: listenerPod,
    listenerMetrics,
    autoscalingListener: metadataBlock,
    listenerServiceAccountMetadata: metadataBlock,
    listenerRoleMetadata: { labels: { team: 'octo' } },
    listenerRoleBindingMetadata: { annotations: { 'octo.example/owner': 'platform' } },
    listenerConfigSecretMetadata: {},
    ephemeralRunnerSetMetadata: metadataBlock,
    ephemeralRunnerMetadata: metadataBlock,
    ephemeralRunnerConfigSecretMetadata: metadataBlock,
  },
};

export const runnerSpec: EphemeralRunnerSpec = {
  githubConfigUrl,
  githubConfigSecret,
  runnerScaleSetId: 7,
  proxy,
  githubServerTLS,
  vaultConfig,
  ephemeralRunnerConfigSecretMetadata: metadataBlock,
  metadata: metadataBlock,
  spec: dindPod,
};

export const runnerSet: EphemeralRunnerSet = {
  apiVersion: API_VERSION,
  kind: 'EphemeralRunnerSet',
  metadata: { name: 'octo-runners' },
  spec: { replicas: 3, patchID: 4, ephemeralRunnerMetadata: metadataBlock, ephemeralRunnerSpec: runnerSpec },
};

export const runner: EphemeralRunner = {
  apiVersion: API_VERSION,
  kind: 'EphemeralRunner',
  metadata: { name: 'octo-runners-runner-bcdfg' },
  spec: { ...runnerSpec, proxySecretRef: 'octo-runners-runner-proxy' },
};

export const listener: AutoscalingListener = {
  apiVersion: API_VERSION,
  kind: 'AutoscalingListener',
  metadata: { name: 'octo-listener' },
  spec: {
    githubConfigUrl,
    githubConfigSecret,
    runnerScaleSetId: 7,
    autoscalingRunnerSetNamespace: 'octo',
    autoscalingRunnerSetName: 'octo-runners',
    ephemeralRunnerSetName: 'octo-runners',
    minRunners: 0,
    maxRunners: 2_147_483_647,
    image: 'ghcr.io/octo/controller:1',
    imagePullSecrets: [{ name: 'registry' }],
    proxy,
    githubServerTLS,
    vaultConfig,
    metrics: listenerMetrics,
    template: listenerPod,
    configSecretMetadata: metadataBlock,
    serviceAccountMetadata: metadataBlock,
    roleMetadata: metadataBlock,
    roleBindingMetadata: metadataBlock,
  },
};

/** Every sample; each is good in every way. */
export const samples = [minimalScaleSet, maximalScaleSet, runnerSet, runner, listener];
