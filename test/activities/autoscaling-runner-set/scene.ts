import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import type { GitHubStandIn } from '../../../dev/github/stand-in.ts';
import type { ScaleSetActivities } from '../../../src/activities/autoscaling-runner-set/index.ts';
import { scaleSetActivities } from '../../../src/activities/autoscaling-runner-set/index.ts';
import { listenerName } from '../../../src/api/names.ts';
import type { AutoscalingListener } from '../../../src/api/v1alpha1/autoscaling-listener.ts';
import type {
  AutoscalingRunnerSet,
  AutoscalingRunnerSetSpec,
} from '../../../src/api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunnerSet } from '../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import type { GitHubConnections } from '../../../src/github/connections.ts';
import { createGitHubConnections } from '../../../src/github/connections.ts';
import type { ObjectKey } from '../../../src/kubernetes/client/client.ts';
import {
  autoscalingListeners,
  autoscalingRunnerSets,
  ephemeralRunnerSets,
  secrets,
} from '../../../src/kubernetes/client/resources.ts';
import type { ScaleSetOptions } from '../../../src/messages/settings.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

export const namespace = 'team';
export const name = 'demo';
export const key = { namespace, name };

/** A cluster with credentials, a GitHub, and one AutoscalingRunnerSet `team/demo` on which the activities are run. */
export class Scene {
  github!: GitHubStandIn;
  cluster!: ClusterStandIn;
  private connections!: GitHubConnections;

  async begin(): Promise<void> {
    this.github = await startGitHub();
    this.connections = createGitHubConnections({ timeoutMs: 5_000, registrationWaitsMs: [] });
    this.cluster = new ClusterStandIn();
    this.cluster.put(secrets, namespace, {
      metadata: { name: 'github' },
      data: { github_token: Buffer.from(this.github.token).toString('base64') },
    });
  }

  async end(): Promise<void> {
    await this.connections.close();
    await this.github.stop();
  }

  /** Makes the AutoscalingRunnerSet, and answers what activities are told of it. */
  create(spec: Partial<AutoscalingRunnerSetSpec> = {}, annotations: Record<string, string> = {}) {
    const { metadata } = this.cluster.put(autoscalingRunnerSets, namespace, {
      metadata: { name, annotations },
      spec: {
        githubConfigUrl: this.github.configUrl('octo/app'),
        githubConfigSecret: 'github',
        template: { spec: { containers: [{ name: 'runner', image: 'r' }] } },
        ...spec,
      },
    });
    return { ...key, uid: metadata.uid ?? '' };
  }

  /** Another one in another namespace, with the same credentials, made later. */
  createOther(namespace: string, annotations: Record<string, string> = {}, spec: object = {}) {
    this.cluster.put(secrets, namespace, {
      metadata: { name: 'github' },
      data: { github_token: Buffer.from(this.github.token).toString('base64') },
    });
    const { metadata } = this.cluster.put(autoscalingRunnerSets, namespace, {
      metadata: { name, annotations },
      spec: { ...this.read().spec, ...spec },
    });
    return { namespace, name, uid: metadata.uid ?? '' };
  }

  edit(spec: object): Promise<unknown> {
    return this.cluster.client.mergePatch(autoscalingRunnerSets, key, { spec });
  }

  /** Deletes it; its finalizers hold it. */
  async markDeleted(): Promise<void> {
    await this.cluster.client.delete(autoscalingRunnerSets, key);
  }

  read(): AutoscalingRunnerSet {
    return this.cluster.find(autoscalingRunnerSets, key)!;
  }

  runnerSet(): EphemeralRunnerSet {
    return this.cluster.find(ephemeralRunnerSets, key)!;
  }

  listenerKey(): ObjectKey {
    const githubConfigUrl = this.github.configUrl('octo/app');
    return { namespace, name: listenerName({ ...key, githubConfigUrl }) };
  }

  listener(): AutoscalingListener {
    return this.cluster.find(autoscalingListeners, this.listenerKey())!;
  }

  /** Runs one activity as Temporal does. */
  async run<K extends keyof ScaleSetActivities>(
    step: K,
    input: Parameters<ScaleSetActivities[K]>[0],
    scaleSets: Partial<ScaleSetOptions> = {},
  ): Promise<Awaited<ReturnType<ScaleSetActivities[K]>>> {
    const { cluster, connections: github } = this;
    const activities = scaleSetActivities({ kubernetes: cluster.client, github, namespaces: [], scaleSets });
    const activity = activities[step] as (argument: typeof input) => Promise<unknown>;
    const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
    const result: unknown = await environment.run<[typeof input], unknown, typeof activity>(activity, input);
    return result as Awaited<ReturnType<ScaleSetActivities[K]>>;
  }
}

/** A scene that begins anew for each test. */
export function aScene(): Scene {
  const scene = new Scene();
  beforeEach(() => scene.begin());
  afterEach(() => scene.end());
  return scene;
}
