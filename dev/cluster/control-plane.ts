import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch } from '../processes.ts';
import type { RunningProcess } from '../processes.ts';
import type { clusterTools } from '../toolchain/toolchain.ts';

/** The binaries of a control plane, by name. */
type ClusterBinaries = Record<(typeof clusterTools)[number], string>;

/** Where one cluster keeps its files, and the port of its API server. */
export interface ControlPlane {
  binaries: ClusterBinaries;
  stateDir: string;
  port: number;
}

type Part = (plane: ControlPlane) => RunningProcess;

/** What runs on every start: only controllers that a runner, its set or a chart can notice. */
const controllers = [
  'clusterrole-aggregation-controller',
  'deployment-controller',
  'disruption-controller',
  'ephemeral-volume-controller',
  'garbage-collector-controller',
  'job-controller',
  'namespace-controller',
  'pod-garbage-collector-controller',
  'replicaset-controller',
  'resourcequota-controller',
  'root-ca-certificate-publisher-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'statefulset-controller',
];

/** Two cores and two thousand pods: no client-side throttling, no leader election, no logs beyond warnings. */
const unthrottled = ['--kube-api-qps=1000', '--kube-api-burst=2000', '--leader-elect=false', '--v=0'];

/** etcd speaks over a Unix socket in the state folder: no port to collide on, and nobody else's etcd to reach. */
export const startEtcd: Part = (plane) =>
  part(plane, 'etcd', [
    '--name=dev',
    '--data-dir=etcd',
    '--listen-client-urls=unix://etcd:1',
    '--advertise-client-urls=unix://etcd:1',
    '--listen-peer-urls=unix://peer:1',
    '--initial-advertise-peer-urls=unix://peer:1',
    '--initial-cluster=dev=unix://peer:1',
    '--unsafe-no-fsync',
    '--quota-backend-bytes=4294967296',
    '--log-level=error',
  ]);

/** The name of etcd's client socket in the state folder. */
export const etcdSocket = 'etcd:1';

/** The API server, on etcd. */
export const startApiServer: Part = (plane) =>
  part(plane, 'kube-apiserver', [
    `--etcd-servers=unix://${etcdSocket}`,
    `--secure-port=${plane.port}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    '--cert-dir=pki',
    '--token-auth-file=tokens.csv',
    '--service-account-issuer=https://kubernetes.default.svc',
    '--service-account-signing-key-file=service-account.key',
    '--service-account-key-file=service-account.pub',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--authorization-mode=RBAC',
    '--anonymous-auth=false',
    '--allow-privileged=true',
    // Nothing here heartbeats for a fake node, so nobody may take the taint away again.
    '--disable-admission-plugins=TaintNodesByCondition',
    // As OpenShift has it: whoever sets an owner reference that blocks must be allowed to change the owner's finalizers.
    '--enable-admission-plugins=OwnerReferencesPermissionEnforcement',
    '--max-requests-inflight=2000',
    '--max-mutating-requests-inflight=1000',
    '--profiling=false',
    '--v=0',
  ]);

/** The controllers of Kubernetes itself. */
export const startControllerManager: Part = (plane) =>
  part(plane, 'kube-controller-manager', [
    '--kubeconfig=kubeconfig',
    '--secure-port=0',
    '--service-account-private-key-file=service-account.key',
    '--root-ca-file=pki/apiserver.crt',
    `--controllers=${controllers.join(',')}`,
    '--concurrent-gc-syncs=20',
    ...unthrottled,
  ]);

/** Gives pods their nodes. */
export const startScheduler: Part = (plane) =>
  part(plane, 'kube-scheduler', ['--kubeconfig=kubeconfig', '--secure-port=0', ...unthrottled]);

/** Nodes and pods that run nothing, in the stages of the folder `stages`. */
export const startKwok: Part = (plane) => {
  const folder = join(import.meta.dirname, 'stages');
  const stages = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  return part(plane, 'kwok', [
    '--kubeconfig=kubeconfig',
    ...stages.map((file) => `--config=${join(folder, file)}`),
    '--manage-all-nodes',
    '--cidr=10.64.0.0/10',
    '--node-ip=10.1.0.1',
    '--node-lease-duration-seconds=0',
    '--v=WARN',
  ]);
};

function part(
  { binaries, stateDir }: ControlPlane,
  name: keyof ClusterBinaries,
  args: string[],
): RunningProcess {
  const logFile = join(stateDir, 'logs', `${name}.log`);
  return launch({ name, command: binaries[name], args, cwd: stateDir, logFile, graceMs: 3_000 });
}
