import type { WorkflowHandle } from '@temporalio/client';
import type { ScaleSetView as ScaleSetAtGitHub } from '../../../dev/github/protocol.ts';
import type { Condition } from '../../../src/api/conditions.ts';
import { findCondition } from '../../../src/api/conditions.ts';
import type { AutoscalingListener } from '../../../src/api/v1alpha1/autoscaling-listener.ts';
import type {
  AutoscalingRunnerSet,
  AutoscalingRunnerSetSpec,
} from '../../../src/api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunnerSet } from '../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import { isNotFound } from '../../../src/kubernetes/client/errors.ts';
import type { CoreEvent } from '../../../src/kubernetes/client/resources.ts';
import {
  autoscalingListeners,
  autoscalingRunnerSets,
  ephemeralRunnerSets,
} from '../../../src/kubernetes/client/resources.ts';
import type { AutoscalingRunnerSetView } from '../../../src/messages/autoscaling-runner-set.ts';
import { autoscalingRunnerSetStateQuery } from '../../../src/messages/autoscaling-runner-set.ts';
import { autoscalingRunnerSetWorkflowId } from '../../../src/messages/workflow-ids.ts';
import type { RunnerSet, Scene } from './scene.ts';
import { RunnerSet as RunnerSetOf, TOKEN_SECRET, eventually, podTemplate } from './scene.ts';

export interface WantedScaleSet extends Partial<AutoscalingRunnerSetSpec> {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** The object that a person applies, for a namespace that holds the stand-in's token. */
export function scaleSetObject(
  name: string,
  configUrl: string,
  { labels, annotations, ...spec }: WantedScaleSet = {},
): AutoscalingRunnerSet {
  return {
    metadata: { name, ...(labels && { labels }), ...(annotations && { annotations }) },
    spec: {
      githubConfigUrl: configUrl,
      githubConfigSecret: TOKEN_SECRET,
      template: { spec: podTemplate() },
      ...spec,
    },
  } as unknown as AutoscalingRunnerSet;
}

export async function createScaleSet(
  scene: Scene,
  name: string,
  wanted: WantedScaleSet = {},
  namespace = scene.namespace,
): Promise<ScaleSet> {
  const object = scaleSetObject(name, scene.github.configUrl('octo/app'), wanted);
  await scene.kubernetes.create(autoscalingRunnerSets, namespace, object);
  return new ScaleSet(scene, name, namespace);
}

/** An AutoscalingRunnerSet under test. */
export class ScaleSet {
  readonly name: string;
  private readonly namespace: string;
  private readonly scene: Scene;

  constructor(scene: Scene, name: string, namespace = scene.namespace) {
    this.scene = scene;
    this.name = name;
    this.namespace = namespace;
  }

  get key(): { namespace: string; name: string } {
    return { namespace: this.namespace, name: this.name };
  }

  read(): Promise<AutoscalingRunnerSet> {
    return this.scene.kubernetes.get(autoscalingRunnerSets, this.key);
  }

  async exists(): Promise<boolean> {
    try {
      await this.read();
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  patch(patch: object): Promise<unknown> {
    return this.scene.kubernetes.mergePatch(autoscalingRunnerSets, this.key, patch);
  }

  edit(spec: object): Promise<unknown> {
    return this.patch({ spec });
  }

  /** Edits the pod of the runners. */
  editTemplate(value: string): Promise<unknown> {
    const spec = podTemplate({}, { env: [{ name: 'REVISION', value }] });
    return this.edit({ template: { spec } });
  }

  async annotation(key: string): Promise<string | undefined> {
    return (await this.read()).metadata.annotations?.[key];
  }

  async condition(type: string): Promise<Condition | undefined> {
    return findCondition((await this.read()).status?.conditions, type);
  }

  async runnerSets(): Promise<EphemeralRunnerSet[]> {
    const { namespace } = this;
    const { items } = await this.scene.kubernetes.list(ephemeralRunnerSets, { namespace });
    return items.filter(({ metadata }) =>
      metadata.ownerReferences?.some(
        ({ name, kind }) => name === this.name && kind === 'AutoscalingRunnerSet',
      ),
    );
  }

  async listeners(): Promise<AutoscalingListener[]> {
    const { namespace } = this;
    const { items } = await this.scene.kubernetes.list(autoscalingListeners, { namespace });
    return items.filter(({ spec }) => spec.autoscalingRunnerSetName === this.name);
  }

  /** Its one EphemeralRunnerSet and its one AutoscalingListener, once the set says that it runs. */
  running(): Promise<{
    set: EphemeralRunnerSet;
    listener: AutoscalingListener;
    object: AutoscalingRunnerSet;
  }> {
    return eventually(async () => {
      const [object, sets, listeners] = await Promise.all([this.read(), this.runnerSets(), this.listeners()]);
      expect(object.status?.phase).toBe('Running');
      expect(sets).toHaveLength(1);
      expect(listeners).toHaveLength(1);
      return { set: sets[0]!, listener: listeners[0]!, object };
    });
  }

  /** Its EphemeralRunnerSet, as other tests handle one. */
  async runners(): Promise<RunnerSet> {
    const { set } = await this.running();
    const id = set.spec.ephemeralRunnerSpec?.runnerScaleSetId ?? 0;
    return new RunnerSetOf(this.scene, set.metadata.name ?? '', id);
  }

  atGitHub(): ScaleSetAtGitHub | undefined {
    return this.scene.github.admin.scaleSets().find(({ name }) => name === this.name);
  }

  /** Its EphemeralRunnerSet may bear the same name. */
  async events(reason?: string): Promise<CoreEvent[]> {
    const { namespace, name: about } = this;
    const all = await this.scene.events({ about, namespace, ...(reason !== undefined && { reason }) });
    return all.filter(({ involvedObject }) => involvedObject.kind === 'AutoscalingRunnerSet');
  }

  workflow(): WorkflowHandle {
    const { cluster, temporal } = this.scene;
    const id = autoscalingRunnerSetWorkflowId(cluster, this.namespace, this.name);
    return temporal.workflow.getHandle(id);
  }

  state(): Promise<AutoscalingRunnerSetView> {
    return this.workflow().query(autoscalingRunnerSetStateQuery);
  }

  delete(): Promise<unknown> {
    return this.scene.kubernetes.delete(autoscalingRunnerSets, this.key);
  }

  async gone(): Promise<void> {
    await eventually(async () => {
      expect(await this.exists()).toBe(false);
      expect(await this.listeners()).toEqual([]);
      expect(await this.runnerSets()).toEqual([]);
    });
  }
}
