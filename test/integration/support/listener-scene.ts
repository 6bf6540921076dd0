import { randomBytes } from 'node:crypto';
import type { Condition } from '../../../src/api/conditions.ts';
import { findCondition } from '../../../src/api/conditions.ts';
import type { AutoscalingListener } from '../../../src/api/v1alpha1/autoscaling-listener.ts';
import type {
  AutoscalingRunnerSet,
  AutoscalingRunnerSetSpec,
} from '../../../src/api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunner } from '../../../src/api/v1alpha1/ephemeral-runner.ts';
import type { EphemeralRunnerSet } from '../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import { autoscalingListenerWorkflowId } from '../../../src/messages/workflow-ids.ts';
import { isNotFound } from '../../../src/kubernetes/client/errors.ts';
import {
  autoscalingListeners,
  autoscalingRunnerSets,
  ephemeralRunners,
  ephemeralRunnerSets,
  secrets,
} from '../../../src/kubernetes/client/resources.ts';
import type { JobState, JobView, RunnerView } from '../../../dev/github/protocol.ts';
import type { Scene } from './scene.ts';
import { eventually, podTemplate, TOKEN_SECRET } from './scene.ts';

/** The parts of a scene that a scale set needs. */
export type ListenerScene = Pick<Scene, 'namespace' | 'cluster' | 'kubernetes' | 'github' | 'temporal'>;

/** A scale set whose listener is under test. */
export class StartedScaleSet {
  readonly id: number;
  readonly name: string;
  readonly listenerName: string;
  private readonly scene: ListenerScene;
  private readonly since = Date.now();

  constructor(scene: ListenerScene, parts: { id: number; name: string; listenerName: string }) {
    this.scene = scene;
    this.id = parts.id;
    this.name = parts.name;
    this.listenerName = parts.listenerName;
  }

  private key(name: string): { namespace: string; name: string } {
    return { namespace: this.scene.namespace, name };
  }

  listener(): Promise<AutoscalingListener> {
    return this.scene.kubernetes.get(autoscalingListeners, this.key(this.listenerName));
  }

  /** One of the listener. */
  async condition(type: string): Promise<Condition | undefined> {
    return findCondition((await this.listener()).status?.conditions, type);
  }

  ready(): Promise<Condition | undefined> {
    return this.condition('Ready');
  }

  async set(): Promise<EphemeralRunnerSet> {
    const { items } = await this.scene.kubernetes.list(ephemeralRunnerSets, {
      namespace: this.scene.namespace,
    });
    const [first] = items.filter(({ metadata }) => metadata.name?.startsWith(this.name));
    if (!first) throw new Error('There is no EphemeralRunnerSet.');
    return first;
  }

  async runners(): Promise<EphemeralRunner[]> {
    return (await this.scene.kubernetes.list(ephemeralRunners, { namespace: this.scene.namespace })).items;
  }

  registered(): RunnerView[] {
    return this.scene.github.admin.runners(this.id);
  }

  /** Waits until exactly `count` runners are up. */
  online(count: number): Promise<void> {
    return eventually(async () => {
      expect(this.registered().filter(({ online }) => online)).toHaveLength(count);
      expect(await this.runners()).toHaveLength(count);
    });
  }

  jobs(state: JobState): JobView[] {
    return this.scene.github.admin.jobs().filter((job) => job.scaleSetId === this.id && job.state === state);
  }

  /** As announced with the last poll. */
  capacity(): number | undefined {
    return this.scene.github.admin.scaleSets().find(({ id }) => id === this.id)?.capacity;
  }

  patch(spec: Partial<AutoscalingRunnerSetSpec>): Promise<unknown> {
    return this.scene.kubernetes.mergePatch(autoscalingRunnerSets, this.key(this.name), { spec });
  }

  annotate(annotations: Record<string, string | null>): Promise<unknown> {
    return this.scene.kubernetes.mergePatch(autoscalingRunnerSets, this.key(this.name), {
      metadata: { annotations },
    });
  }

  label(labels: Record<string, string>): Promise<unknown> {
    const key = this.key(this.name);
    return this.scene.kubernetes.mergePatch(autoscalingRunnerSets, key, { metadata: { labels } });
  }

  remove(): Promise<unknown> {
    return this.scene.kubernetes.delete(autoscalingRunnerSets, this.key(this.name));
  }

  async exists(): Promise<boolean> {
    try {
      await this.listener();
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /** How often the activity that listens was begun anew. */
  async restarts(): Promise<number> {
    const { cluster, namespace, temporal } = this.scene;
    const handle = temporal.workflow.getHandle(
      autoscalingListenerWorkflowId(cluster, namespace, this.listenerName),
    );
    const { events = [] } = await handle.fetchHistory();
    const begun = (events ?? []).filter(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'listen',
    );
    return begun.length - 1;
  }

  /** The longest time without a poll, since the listener was ready. */
  longestPauseMs(): number {
    const polls = this.scene.github.admin
      .calls()
      .filter(({ name, at }) => name === 'getmessage' && at >= this.since)
      // One that is still held has no status yet.
      .map(({ at, durationMs, status }) => ({
        from: at,
        to: status === 0 && durationMs === 0 ? Infinity : at + durationMs,
      }))
      .sort((a, b) => a.from - b.from);
    let longest = 0;
    let end = polls[0]?.to ?? 0;
    for (const { from, to } of polls.slice(1)) {
      longest = Math.max(longest, from - end);
      end = Math.max(end, to);
    }
    return longest;
  }
}

export interface StartOptions {
  /** Wait until it listens. */
  ready?: boolean;
  annotations?: Record<string, string>;
}

/** Creates an AutoscalingRunnerSet under a name of its own, and waits for its listener. */
export async function startScaleSet(
  scene: ListenerScene,
  prefix: string,
  spec: Partial<AutoscalingRunnerSetSpec> = {},
  { ready = true, annotations = {} }: StartOptions = {},
): Promise<StartedScaleSet> {
  // A scale set of an earlier test must not be found again.
  const name = `${prefix}-${randomBytes(2).toString('hex')}`;
  await scene.kubernetes.create(autoscalingRunnerSets, scene.namespace, {
    metadata: { name, annotations },
    spec: {
      githubConfigUrl: scene.github.configUrl('octo/app'),
      githubConfigSecret: TOKEN_SECRET,
      template: { spec: podTemplate() },
      ...spec,
    },
  } as unknown as AutoscalingRunnerSet);
  const listenerName = await eventually(async () => {
    const { items } = await scene.kubernetes.list(autoscalingListeners, { namespace: scene.namespace });
    const [found] = items.filter((item) => item.spec.autoscalingRunnerSetName === name);
    expect(found).toBeDefined();
    return found?.metadata.name ?? '';
  });
  const { id } = await eventually(() => {
    const found = scene.github.admin.scaleSets().find((set) => set.name === name);
    if (!found) throw new Error('There is no scale set yet.');
    return found;
  });
  const started = new StartedScaleSet(scene, { id, name, listenerName });
  if (ready) {
    await eventually(async () => {
      expect(await started.ready()).toMatchObject({ status: 'True' });
      const { maxRunners = 2_147_483_647 } = spec;
      expect(started.capacity()).toBe(maxRunners);
    });
  }
  return started;
}

/** Replaces the token in the scene's Secret. */
export async function setToken({ kubernetes, namespace }: ListenerScene, token: string): Promise<void> {
  const data = { github_token: Buffer.from(token).toString('base64') };
  await kubernetes.mergePatch(secrets, { namespace, name: TOKEN_SECRET }, { data });
}
