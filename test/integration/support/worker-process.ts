import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..');

export interface WorkerProcess {
  cluster: string;
  namespace: string;
  kubeconfig: string;
  temporalAddress: string;
  /** host:port of its health and metrics endpoints. */
  health: string;
  workerFlags?: readonly string[];
}

/** How a worker is run as a process of its own, by the command that people use; nothing of our environment enters. */
export function workerCommand(options: WorkerProcess): {
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
} {
  const { cluster, namespace, kubeconfig, temporalAddress, health, workerFlags = [] } = options;
  const flags = [
    ...['--cluster', cluster, '--watch-namespace', namespace, '--kubeconfig', kubeconfig],
    ...[
      '--temporal-address',
      temporalAddress,
      '--health-probe-bind-address',
      health,
      '--metrics-addr',
      health,
    ],
    ...['--log-level', 'warn', ...workerFlags],
  ];
  return {
    command: process.execPath,
    args: [join(root, 'src', 'cli', 'main.ts'), 'worker', ...flags],
    env: {
      PATH: process.env['PATH'],
      TEMPORAL_ARC_WORKFLOW_BUNDLE: process.env['TEMPORAL_ARC_WORKFLOW_BUNDLE'],
    },
    cwd: root,
  };
}
