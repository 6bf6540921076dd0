import type { ExitCode } from '../../src/cli/exit-codes.ts';
import { runCli } from '../../src/cli/program.ts';
import { keyText } from '../../src/cli/set-key.ts';
import { loadStandIn } from '../../src/cli/stand-in.ts';
import type { SetWorkflow, Surroundings, Workflows } from '../../src/cli/surroundings.ts';
import { KubernetesError } from '../../src/kubernetes/client/errors.ts';
import type { KubernetesObject, Resource } from '../../src/kubernetes/client/resources.ts';
import type { RunnerSetView } from '../../src/messages/ephemeral-runner-set.ts';
import type { WorkerConfiguration } from '../../src/workers/configuration/settings.ts';
import type { TemporalTarget } from '../../src/workers/configuration/temporal-profile.ts';

export const NOW = Date.parse('2026-05-01T12:00:00Z');

/** What a command line did. */
export interface Ran {
  code: ExitCode;
  out: string;
  err: string;
}

/** A small working world for the command: objects by plural, and one workflow that keeps orders. */
export class World {
  readonly objects: Record<string, KubernetesObject[]> = {
    autoscalingrunnersets: [],
    ephemeralrunnersets: [],
    ephemeralrunners: [],
    events: [],
  };
  readonly orders: string[] = [];
  readonly targets: { target: TemporalTarget; cluster: string }[] = [];
  worker: WorkerConfiguration | undefined;
  /** Where CRDs were brought up to date. */
  crdsOf: Pick<WorkerConfiguration, 'kubeconfig' | 'context'> | undefined;
  /** Thrown by the next call of that kind, once. */
  faults: Partial<Record<'cluster' | 'workflow' | 'worker', Error | undefined>> = {};
  /** Runs before each read of the cluster. */
  onRead: () => void = () => undefined;
  open = 0;
  tty = false;
  /** Runs while the stand-in for GitHub does, with what the command has said. */
  whileStandInRuns: (out: string) => Promise<void> = () => Promise.resolve();
  private now = NOW;

  async run(line: string, env: Record<string, string> = {}): Promise<Ran> {
    const written = { out: '', err: '' };
    const surroundings: Surroundings = {
      env,
      stdout: { write: (text) => (written.out += text), isTTY: this.tty },
      stderr: { write: (text) => (written.err += text) },
      ...this.connections(),
      defaultNamespace: () => Promise.resolve('from-context'),
      bootstrapTemporal: ({ temporalNamespace: namespace = 'default' }, retentionDays) => {
        this.orders.push(`bootstrap ${namespace} ${retentionDays ?? 'as it is'}`);
        const addedSearchAttributes = ['ArcCluster', 'ArcPhase'];
        return Promise.resolve({ namespace, did: 'created', retentionDays: 3, addedSearchAttributes });
      },
      runWorker: (configuration) => {
        this.takeFault('worker');
        this.worker = configuration;
        return Promise.resolve();
      },
      startStandIn: async (options) => (await loadStandIn())(options),
      untilStopped: async () => {
        await Promise.resolve();
        await this.whileStandInRuns(written.out);
      },
      runListener: () => Promise.resolve(),
      updateCrds: (settings) => {
        this.takeFault('cluster');
        this.crdsOf = settings;
        return Promise.resolve([
          { crd: 'ephemeralrunners.actions.github.com', change: 'updated' as const },
          { crd: 'ephemeralrunnersets.actions.github.com', change: 'created' as const },
        ]);
      },
      now: () => this.now,
      sleep: (ms) => {
        this.now += ms;
        return Promise.resolve();
      },
    };
    const code = await runCli(line === '' ? [] : line.split(' '), surroundings);
    return { code, ...written };
  }

  private connections(): Pick<Surroundings, 'connectCluster' | 'connectTemporal'> {
    const close = () => {
      this.open -= 1;
      return Promise.resolve();
    };
    return {
      connectCluster: () => {
        this.open += 1;
        return Promise.resolve({
          get: (resource, key) =>
            this.read(() => this.find(resource, keyText({ namespace: '', ...key } as never))),
          list: (resource, { namespace } = {}) =>
            this.read(() => ({ items: this.list(resource, namespace), resourceVersion: '1' })),
          close,
        });
      },
      connectTemporal: (target, cluster): Promise<Workflows> => {
        this.open += 1;
        this.targets.push({ target, cluster });
        return Promise.resolve({
          of: (key) => this.workflow(keyText(key)),
          ofScaleSet: (key) => this.workflow(`scale set ${keyText(key)}`),
          close,
        });
      },
    };
  }

  private async read<T>(answer: () => T): Promise<T> {
    await Promise.resolve();
    this.takeFault('cluster');
    this.onRead();
    return answer();
  }

  private list<T extends KubernetesObject>({ plural }: Resource<T>, namespace: string | undefined): T[] {
    const all = (this.objects[plural] ?? []) as T[];
    return all.filter(({ metadata }) => namespace === undefined || metadata?.namespace === namespace);
  }

  private find<T extends KubernetesObject>(resource: Resource<T>, key: string): T {
    const found = this.list(resource, undefined).find(
      ({ metadata }) => `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}` === key,
    );
    const [namespace, name] = key.split('/');
    const subject = { verb: 'get', resource: resource.plural, namespace, name };
    if (!found) throw new KubernetesError(subject, { message: 'not found', status: 404, reason: 'NotFound' });
    return found;
  }

  private workflow(key: string): SetWorkflow {
    const ordered = async <T>(order: string, answer: T): Promise<T> => {
      await Promise.resolve();
      this.takeFault('workflow');
      this.orders.push(`${key} ${order}`);
      return answer;
    };
    return {
      scale: (replicas) => ordered(`scale ${replicas}`, { replicas, previous: 2 }),
      setPaused: (paused) => ordered(paused ? 'pause' : 'resume', { paused }),
      state: () => ordered('state', STATE),
      describe: () =>
        ordered('describe', {
          workflowId: `default/ephemeralrunnerset/${key}`,
          runId: 'run-1',
          status: 'RUNNING',
          taskQueue: 'temporal-arc/default',
          historyLength: 42,
          startedAt: '2026-05-01T11:00:00Z',
          pendingActivities: [
            { type: 'createRunners', attempt: 3, state: 'SCHEDULED', lastFailure: 'GitHub is down' },
          ],
        }),
    };
  }

  private takeFault(kind: keyof World['faults']): void {
    const fault = this.faults[kind];
    this.faults = { ...this.faults, [kind]: undefined };
    if (fault) throw fault;
  }
}

const STATE: RunnerSetView = {
  desired: 3,
  current: 2,
  busy: 1,
  paused: false,
  conditions: [],
  blocked: {
    reason: 'SecretNotFound',
    message: 'Secret arc/gh is missing',
    since: NOW - 60_000,
    tries: 4,
    nextTryAt: NOW,
  },
  failures: { inARow: 2, lastAt: NOW - 5000, reason: 'PodFailed', message: 'exit code 1' },
  known: 1,
  pastFailures: [{ at: NOW - 5000, runner: 'linux-runner-a', reason: 'PodFailed', message: 'exit code 1' }],
  runners: [
    {
      name: 'linux-runner-b',
      stage: 'busy',
      hasJob: true,
      runnerId: 7,
      createdAt: NOW / 1000 - 90,
      pod: 'Running',
    },
  ],
};

/** An EphemeralRunnerSet of the namespace arc. */
export const runnerSet = (
  name: string,
  parts: { replicas?: number; status?: object; annotations?: object; owner?: string } = {},
) => ({
  apiVersion: 'actions.github.com/v1alpha1',
  kind: 'EphemeralRunnerSet',
  metadata: {
    name,
    namespace: 'arc',
    creationTimestamp: '2026-05-01T10:00:00Z',
    annotations: parts.annotations,
    ...(parts.owner !== undefined && {
      ownerReferences: [{ kind: 'AutoscalingRunnerSet', name: parts.owner, controller: true }],
    }),
  },
  spec: {
    replicas: parts.replicas ?? 0,
    ephemeralRunnerSpec: { githubConfigUrl: 'https://github.com/octo', runnerScaleSetId: 12 },
  },
  status: parts.status,
});

/** An AutoscalingRunnerSet of the namespace arc. */
export const scaleSet = (name: string) => ({
  apiVersion: 'actions.github.com/v1alpha1',
  kind: 'AutoscalingRunnerSet',
  metadata: { name, namespace: 'arc' },
});
