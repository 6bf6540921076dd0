import type { RunnerSetLoad } from '../../../src/activities/autoscaling-listener/policies/capacity.ts';
import { NO_LOAD } from '../../../src/activities/autoscaling-listener/policies/capacity.ts';
import type { ChildOptions } from '../../../src/activities/autoscaling-runner-set/policies/desired-children.ts';
import { desiredChildren } from '../../../src/activities/autoscaling-runner-set/policies/desired-children.ts';
import { ScaleSetStore } from '../../../src/activities/cluster-watch/scale-set-store.ts';
import type { WorkflowTarget } from '../../../src/activities/cluster-watch/workflow-target.ts';
import type { AutoscalingRunnerSet } from '../../../src/api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunnerSet } from '../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import type {
  AutoscalingRunnerSetObservation,
  ListenerObservation,
} from '../../../src/messages/observations.ts';
import { DEFAULT_SCALE_SET_OPTIONS } from '../../../src/messages/settings.ts';

export const namespace = 'team';
export const demo: WorkflowTarget = { namespace, autoscalingRunnerSet: 'demo' };

export const aScaleSet = (spec: object = {}, metadata: object = {}): AutoscalingRunnerSet =>
  ({
    metadata: {
      name: 'demo',
      namespace,
      uid: 'ars-1',
      generation: 1,
      annotations: { 'runner-scale-set-id': '7', 'actions.github.com/runner-group-name': 'Default' },
      ...metadata,
    },
    spec: {
      githubConfigUrl: 'https://github.com/octo/app',
      githubConfigSecret: 's',
      template: { spec: { containers: [{ name: 'runner' }] } },
      ...spec,
    },
  }) as unknown as AutoscalingRunnerSet;

const options: ChildOptions = DEFAULT_SCALE_SET_OPTIONS;

/** The children as the API server would hold them after they were made. */
export function childrenOf(scaleSet: AutoscalingRunnerSet) {
  const { runnerSet, listener } = desiredChildren(scaleSet, { runnerSets: [], listeners: [] }, options);
  const set = structuredClone(runnerSet);
  Object.assign(set.metadata, { uid: 'ers-1', creationTimestamp: '2026-01-01T00:00:00Z' });
  const live = structuredClone(listener);
  Object.assign(live.metadata, { uid: 'al-1' });
  return { set, listener: live };
}

export const withAnnotations = (set: EphemeralRunnerSet, annotations: object): EphemeralRunnerSet => ({
  ...set,
  metadata: { ...set.metadata, annotations: { ...set.metadata.annotations, ...annotations } },
});

export function aStore(over: Partial<ChildOptions> = {}) {
  const told: WorkflowTarget[] = [];
  const loads = new Map<string, RunnerSetLoad>();
  const store = new ScaleSetStore({
    onNews: (target) => told.push(target),
    options: { ...options, ...over },
    loadOf: (_namespace, set) => loads.get(set) ?? NO_LOAD,
    clock: () => 1000,
  });
  const scaleSet = aScaleSet();
  const { set, listener } = childrenOf(scaleSet);
  const all = { namespace, listener: listener.metadata.name ?? '' };
  const news = (): AutoscalingRunnerSetObservation | undefined => store.takeNews(demo as never) as never;
  const listenerNews = (): ListenerObservation | undefined => store.takeNews(all) as never;
  return { store, told, loads, scaleSet, set, listener, news, listenerNews, listenerTarget: all };
}

/** Everything is there, as it should be, and has been told. */
export function aSettledStore(over: Partial<ChildOptions> = {}) {
  const parts = aStore(over);
  parts.store.putScaleSet(parts.scaleSet);
  parts.store.putSet(parts.set);
  parts.store.putListener(parts.listener);
  const first = parts.news();
  const listener = parts.listenerNews();
  parts.told.length = 0;
  return { ...parts, first, firstOfListener: listener };
}
