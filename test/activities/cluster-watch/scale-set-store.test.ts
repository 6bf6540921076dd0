import type { RunnerSetLoad } from '../../../src/activities/autoscaling-listener/policies/capacity.ts';
import { NO_LOAD, capacityOf } from '../../../src/activities/autoscaling-listener/policies/capacity.ts';
import type { ChildOptions } from '../../../src/activities/autoscaling-runner-set/policies/desired-children.ts';
import {
  specHashOf,
  gitHubAnnotationsOf,
  desiredChildren,
} from '../../../src/activities/autoscaling-runner-set/policies/desired-children.ts';
import type { PodState } from '../../../src/kubernetes/pod-state.ts';
import { ScaleSetStore } from '../../../src/activities/cluster-watch/scale-set-store.ts';
import { needsWorkflow, startOptionsFor } from '../../../src/activities/cluster-watch/workflow-start.ts';
import type { WorkflowTarget } from '../../../src/activities/cluster-watch/workflow-target.ts';
import type { AutoscalingRunnerSet } from '../../../src/api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunnerSet } from '../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import type {
  ListenerObservation,
  AutoscalingRunnerSetObservation,
} from '../../../src/messages/observations.ts';
import { DEFAULT_SCALE_SET_OPTIONS } from '../../../src/messages/settings.ts';

const namespace = 'team';
const demo: WorkflowTarget = { namespace, autoscalingRunnerSet: 'demo' };

const aScaleSet = (spec: object = {}, metadata: object = {}): AutoscalingRunnerSet =>
  ({
    metadata: {
      name: 'demo',
      namespace,
      uid: 'ars-1',
      generation: 1,
      annotations: { 'runner-scale-set-id': '7', 'actions.github.com/runner-group-name': 'Default' },
      ...metadata,
    },
    spec: { githubConfigUrl: 'https://github.com/octo/app', githubConfigSecret: 's', ...spec },
  }) as unknown as AutoscalingRunnerSet;

const options: ChildOptions = DEFAULT_SCALE_SET_OPTIONS;

/** The children as the API server would hold them after they were made. */
function childrenOf(scaleSet: AutoscalingRunnerSet) {
  const { runnerSet, listener } = desiredChildren(scaleSet, [], options);
  const set = structuredClone(runnerSet);
  Object.assign(set.metadata, { uid: 'ers-1', creationTimestamp: '2026-01-01T00:00:00Z' });
  const live = structuredClone(listener);
  Object.assign(live.metadata, { uid: 'al-1' });
  return { set, listener: live };
}

const withAnnotations = (set: EphemeralRunnerSet, annotations: object): EphemeralRunnerSet => ({
  ...set,
  metadata: { ...set.metadata, annotations: { ...set.metadata.annotations, ...annotations } },
});

function aPicture(over: Partial<ChildOptions> = {}) {
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
function aSettledPicture(over: Partial<ChildOptions> = {}) {
  const parts = aPicture(over);
  parts.store.putScaleSet(parts.scaleSet);
  parts.store.putSet(parts.set);
  parts.store.putListener(parts.listener);
  const first = parts.news();
  const listener = parts.listenerNews();
  parts.told.length = 0;
  return { ...parts, first, firstOfListener: listener };
}

describe('ScaleSetStore', () => {
  test('a new scale set is news, without children', () => {
    const { store, news, scaleSet, told } = aPicture();
    store.putScaleSet(scaleSet);
    expect(told).toEqual([demo]);
    expect(news()).toMatchObject({
      at: 1000,
      autoscalingRunnerSet: { uid: 'ars-1', scaleSetId: 7 },
      runnerSets: [],
      listeners: [],
    });
    expect(news()).toBeUndefined();
  });

  test('children that are as they should be are not stale', () => {
    const { first, firstOfListener } = aSettledPicture();
    expect(first?.runnerSets).toEqual([
      {
        name: 'demo',
        uid: 'ers-1',
        current: true,
        replicas: 0,
        scaleSetId: 7,
        pending: 0,
        running: 0,
        failed: 0,
      },
    ]);
    expect(first?.listeners).toMatchObject([{ uid: 'al-1', current: true, scaleSetId: 7 }]);
    expect(first?.listeners[0]?.stale).toBeUndefined();
    expect(firstOfListener?.listener).toMatchObject({
      mode: 'worker',
      capacity: 'open',
      autoscalingRunnerSet: { name: 'demo' },
    });
  });

  test.each<[string, object, object, 'template' | 'metadata' | undefined, true | undefined]>([
    [
      'another template',
      { template: { spec: { containers: [{ name: 'runner' }] } } },
      {},
      'template',
      undefined,
    ],
    ['another Secret', { githubConfigSecret: 'other' }, {}, 'template', true],
    ['other limits', { maxRunners: 3 }, {}, undefined, true],
    ['another label', {}, { labels: { team: 'b' } }, 'metadata', true],
    ['metadata for runners', { ephemeralRunnerMetadata: { labels: { a: 'b' } } }, {}, 'metadata', undefined],
    [
      'annotations for sets',
      { ephemeralRunnerSetMetadata: { annotations: { a: 'b' } } },
      {},
      'metadata',
      undefined,
    ],
    ['labels that only GitHub keeps', { runnerScaleSetLabels: ['x'] }, {}, undefined, undefined],
  ])('stale by %s', (_what, spec, metadata, setIs, listenerIs) => {
    const { store, news } = aSettledPicture();
    store.putScaleSet(aScaleSet(spec, metadata));
    const told = news();
    expect(told?.runnerSets[0]?.stale).toBe(setIs);
    expect(told?.listeners[0]?.stale).toBe(listenerIs);
  });

  test('what others write onto children makes nothing stale; what they take away does', () => {
    const { store, set, listener, news } = aSettledPicture();
    const labels = { ...set.metadata.labels, stranger: 'x' };
    store.putSet({ ...set, metadata: { ...set.metadata, labels } });
    store.putListener({
      ...listener,
      metadata: { ...listener.metadata, labels: { ...listener.metadata.labels, y: 'z' } },
    });
    expect(news()).toBeUndefined();
    store.putSet({ ...set, metadata: { ...set.metadata, labels: {} } });
    expect(news()?.runnerSets[0]?.stale).toBe('metadata');
  });

  test('another URL or group: the listener stands in the wrong place', () => {
    const { store, news } = aSettledPicture();
    store.putScaleSet(aScaleSet({ runnerGroup: 'other' }));
    expect(news()?.listeners[0]?.current).toBeUndefined();
  });

  test('of several sets the newest counts', () => {
    const { store, set, news } = aSettledPicture();
    const metadata = {
      ...set.metadata,
      name: 'demo-new',
      uid: 'ers-2',
      creationTimestamp: '2026-02-01T00:00:00Z',
    };
    store.putSet({ ...set, metadata });
    expect(news()?.runnerSets.map(({ name, current }) => [name, current])).toEqual([
      ['demo', undefined],
      ['demo-new', true],
    ]);
  });

  test('the capacity follows pause, drain and outdated runners at once', () => {
    const { store, set, listenerNews } = aSettledPicture();
    const capacity = () => listenerNews()?.listener?.capacity;
    store.putSet(withAnnotations(set, { 'temporal-arc/paused': 'true' }));
    expect(capacity()).toBe('closed');
    store.putSet(set);
    expect(capacity()).toBe('open');
    store.putSet(withAnnotations(set, { 'temporal-arc/draining': 'true' }));
    expect(capacity()).toBe('closed');
    store.putSet({ ...set, status: { phase: 'Outdated' } });
    expect(capacity()).toBeUndefined();
    store.removeSet(set);
    expect(capacity()).toBeUndefined();
  });

  test('a set that was paused by itself is told so; it and one that is paused with its scale set are as they should be', () => {
    const { store, scaleSet, set, news } = aSettledPicture();
    const paused = { 'temporal-arc/paused': 'true' };
    store.putSet(withAnnotations(set, paused));
    expect(news()?.runnerSets).toMatchObject([{ paused: true }]);
    store.putScaleSet(aScaleSet({}, { annotations: { ...scaleSet.metadata.annotations, ...paused } }));
    expect(news()?.runnerSets[0]?.stale).toBeUndefined();
    store.putSet(withAnnotations(set, { ...paused, 'temporal-arc/paused-with-owner': 'true' }));
    const [followed] = news()?.runnerSets ?? [];
    expect([followed?.paused, followed?.stale]).toEqual([undefined, undefined]);
  });

  test('how runners are busy is looked at in intervals, where it matters', () => {
    const { store, told, loads, listenerTarget } = aSettledPicture({ updateStrategy: 'eventual' });
    loads.set('demo', { busy: true, alive: 4, waitingForNode: [70_000] });
    store.refresh();
    expect(told).toEqual([demo, listenerTarget]);
    expect(store.takeNews(demo as never)).toMatchObject({ runnerSets: [{ busy: true }] });
    expect(store.takeNews(listenerTarget)).toMatchObject({ listener: { capacity: 4 } });
    told.length = 0;
    store.refresh();
    expect(told).toEqual([demo]);
    expect(store.takeNews(demo as never)).toBeUndefined();
  });

  test('a list replaces what was known of its namespace only', () => {
    const { store, news, listenerNews } = aSettledPicture();
    store.replaceScaleSets([], 'other');
    store.replaceSets([], 'other');
    store.replaceListeners([], 'other');
    expect(news()).toBeUndefined();
    store.replaceListeners([], namespace);
    expect(listenerNews()).toMatchObject({ listener: null });
    store.replaceSets([], namespace);
    store.replaceScaleSets([]);
    expect(news()).toMatchObject({ autoscalingRunnerSet: null, runnerSets: [], listeners: [] });
    expect(store.targets()).toEqual([]);
  });

  test('a listener whose scale set is gone is told of, so that it goes as well', () => {
    const { store, news, scaleSet } = aSettledPicture();
    store.removeScaleSet(scaleSet);
    expect(news()).toMatchObject({ autoscalingRunnerSet: null, listeners: [{ uid: 'al-1' }] });
  });

  test('the regular snapshot is everything, marked as such', () => {
    const { store, news, listenerTarget } = aSettledPicture();
    expect(store.snapshot(demo as never)).toMatchObject([
      { snapshot: true, autoscalingRunnerSet: { uid: 'ars-1' } },
    ]);
    expect(store.snapshot(listenerTarget)).toMatchObject([{ snapshot: true, listener: { uid: 'al-1' } }]);
    expect(news()).toBeUndefined();
  });

  test('the pod of a listener is told of only where it runs in one', () => {
    const { store, listenerNews, listener } = aSettledPicture({ listenerMode: 'pod' });
    const { name = '' } = listener.metadata;
    const pod: PodState = {
      ...{ uid: 'pod-1', name, namespace, phase: 'Running', ready: true, initFailed: false },
      ...{ runner: { state: 'running' }, deleting: false },
    };
    store.putPod(pod);
    expect(listenerNews()?.listener?.pod).toEqual({
      uid: 'pod-1',
      phase: 'Running',
      ready: true,
    });
    store.removePod({ ...pod, uid: 'another' });
    expect(listenerNews()).toBeUndefined();
    store.replacePods([]);
    expect(listenerNews()?.listener?.pod).toBeUndefined();
    expect(listenerNews()).toBeUndefined();
  });
});

describe('what a set can take', () => {
  const set = { metadata: {}, spec: {} } as EphemeralRunnerSet;
  const blocked = (reason: string): EphemeralRunnerSet =>
    ({ ...set, status: { conditions: [{ type: 'CreationBlocked', status: 'True', reason }] } }) as never;
  const load = (alive: number, waitingForNode: number[] = []): RunnerSetLoad => ({
    busy: false,
    alive,
    waitingForNode,
  });
  test.each<[string, EphemeralRunnerSet | undefined, RunnerSetLoad, 'open' | 'closed' | number]>([
    ['all that is allowed', set, load(3), 'open'],
    ['nothing, when there is none', undefined, NO_LOAD, 'closed'],
    ['what it has and one more, under a quota', blocked('QuotaExceeded'), load(3), 4],
    ['a try at least, under a quota', blocked('QuotaExceeded'), NO_LOAD, 1],
    ['all that is allowed, in another trouble', blocked('SecretNotFound'), load(3), 'open'],
    ['all, while a node may still come', set, load(3, [30_000]), 'open'],
    ['what runs and one more, when none came', set, load(5, [61_000, 70_000, 1_000]), 4],
  ])('%s', (_what, given, loaded, expected) => {
    expect(capacityOf(given, loaded)).toBe(expected);
  });
});

test('what is asked of GitHub, and who it is, are told apart from everything else', () => {
  const base = aScaleSet();
  expect(specHashOf(aScaleSet({ maxRunners: 3 }))).toBe(specHashOf(base));
  for (const spec of [{ runnerGroup: 'g' }, { runnerScaleSetName: 'n' }, { runnerScaleSetLabels: ['l'] }])
    expect(specHashOf(aScaleSet(spec))).not.toBe(specHashOf(base));
  expect(gitHubAnnotationsOf(base)).toBe('7/Default/');
  expect(gitHubAnnotationsOf(aScaleSet({}, { annotations: {} }))).toBe('');
});

describe('how workflows are started', () => {
  const { first, firstOfListener, listenerTarget } = aSettledPicture();
  test.each<[string, WorkflowTarget, AutoscalingRunnerSetObservation | ListenerObservation, object]>([
    ['a scale set', demo, first!, { type: 'autoscalingRunnerSet', args: [{ namespace, name: 'demo' }] }],
    ['a listener', listenerTarget, firstOfListener!, { type: 'autoscalingListener' }],
  ])('%s', (_what, target, observation, expected) => {
    const start = startOptionsFor('c1', target, observation);
    expect(start).toMatchObject(expected);
    expect(start.typedSearchAttributes.map(({ value }) => value)).toEqual([
      'c1',
      namespace,
      'demo',
      'https://github.com/octo/app',
    ]);
  });
  test('none for what does not exist', () => {
    const nothing = { at: 1, autoscalingRunnerSet: null, wanted: '', runnerSets: [], listeners: [] };
    expect(needsWorkflow(nothing)).toBe(false);
    expect(needsWorkflow({ ...nothing, listeners: first!.listeners })).toBe(true);
    expect(needsWorkflow({ at: 1, listener: null })).toBe(false);
  });
});
