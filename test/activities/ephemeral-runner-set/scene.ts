import type { Info } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import type { EphemeralRunner, EphemeralRunnerSpec } from '../../../src/api/v1alpha1/ephemeral-runner.ts';
import type { EphemeralRunnerSet } from '../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import type { GitHubConnections } from '../../../src/github/connections.ts';
import { createGitHubConnections } from '../../../src/github/connections.ts';
import type { ScaleSetClient } from '../../../src/github/scale-set-client.ts';
import {
  ephemeralRunnerSets,
  ephemeralRunners,
  pods,
  secrets,
} from '../../../src/kubernetes/client/resources.ts';
import { ask, clientOf } from '../../dev/github/client.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

export const namespace = 'team';
export const set = 'demo';

/** A cluster with credentials and the EphemeralRunnerSet `team/demo`, and a GitHub with its scale set, number 1. */
export class Scene {
  github!: GitHubStandIn;
  cluster!: ClusterStandIn;
  connections!: GitHubConnections;

  async begin(): Promise<void> {
    this.github = await startGitHub();
    this.github.admin.createScaleSet({ id: 1, name: set });
    this.connections = createGitHubConnections({ timeoutMs: 5_000, registrationWaitsMs: [] });
    this.cluster = new ClusterStandIn();
    this.cluster.put(secrets, namespace, {
      metadata: { name: 'github' },
      data: { github_token: Buffer.from(this.github.token).toString('base64') },
    });
    this.cluster.put(ephemeralRunnerSets, namespace, {
      metadata: { name: set },
      spec: { replicas: 0, patchID: 0, ephemeralRunnerSpec: this.runnerSpec() },
    });
  }

  async end(): Promise<void> {
    await this.connections.close();
    await this.github.stop();
  }

  runnerSpec(): EphemeralRunnerSpec {
    return {
      githubConfigUrl: this.github.configUrl('org/repo'),
      githubConfigSecret: 'github',
      runnerScaleSetId: 1,
      spec: { containers: [{ name: 'runner', image: 'r' }] },
    };
  }

  runnerSet(): EphemeralRunnerSet {
    return this.cluster.find(ephemeralRunnerSets, { namespace, name: set })!;
  }

  runner(name: string): EphemeralRunner | undefined {
    return this.cluster.find(ephemeralRunners, { namespace, name });
  }

  /** Which of a runner's three objects there are. */
  objectsOf(name: string): string[] {
    const all = [ephemeralRunners, pods, secrets] as const;
    return all
      .filter((each) => this.cluster.find(each as never, { namespace, name }))
      .map(({ kind }) => kind);
  }

  /** Speaks to GitHub as the activities do. */
  client(): ScaleSetClient {
    return clientOf(this.github.url);
  }

  /** Registers a runner as an earlier try did. @returns its id */
  async register(name: string, scaleSetId = 1): Promise<number> {
    return (await this.client().generateJitConfig(scaleSetId, { name })).runner.id;
  }

  /** Registers a runner that is online and has a job. @returns its id */
  async registerBusy(name: string, scaleSetId = 1): Promise<number> {
    const { runner, encodedJITConfig: jitConfig } = await this.client().generateJitConfig(scaleSetId, {
      name,
    });
    await ask(this.github.url, 'POST', ['/runners/connect', { jitConfig }]);
    this.github.admin.assignJob(name);
    return runner.id;
  }

  registered(): string[] {
    return this.github.admin.runners().map(({ name }) => name);
  }

  callsOf(call: string): number {
    return this.github.admin.calls().filter(({ name }) => name === call).length;
  }
}

/** A scene that begins anew for each test. */
export function aScene(): Scene {
  const scene = new Scene();
  beforeEach(() => scene.begin());
  afterEach(() => scene.end());
  return scene;
}

/** Runs an activity as Temporal does. */
export const run = <I, O>(
  activity: (input: I) => Promise<O>,
  input: I,
  info: Partial<Info> = {},
): Promise<O> =>
  new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') }).run<[I], O, typeof activity>(
    activity,
    input,
  );
