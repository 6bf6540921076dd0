import type { SetLoad } from '../../../src/activities/autoscaling-listener/policies/capacity.ts';
import { NO_LOAD, capacityOf } from '../../../src/activities/autoscaling-listener/policies/capacity.ts';
import type { ChildOptions } from '../../../src/activities/autoscaling-runner-set/policies/desired-children.ts';
import {
  askedOf,
  gitHubAnnotationsOf,
  desiredChildren,
} from '../../../src/activities/autoscaling-runner-set/policies/desired-children.ts';
import type { ListenerPodState } from '../../../src/activities/cluster-watch/observed-scale-sets.ts';
import { ScaleSetStore } from '../../../src/activities/cluster-watch/scale-set-store.ts';
import { needsWorkflow, startOptionsFor } from '../../../src/activities/cluster-watch/workflow-start.ts';
import type { WorkflowTarget } from '../../../src/activities/cluster-watch/workflow-target.ts';
import type { AutoscalingRunnerSet } from '../../../src/api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunnerSet } from '../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import type { ListenerObservation, AutoscalingRunnerSetObservation } from '../../../src/messages/observations.ts';
import { DEFAULT_SCALE_SET_OPTIONS } from '../../../src/messages/settings.ts';

const namespace = 'team';
const demo: WorkflowTarget = { namespace, scaleSet: 'demo' };

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
  const loads = new Map<string, SetLoad>();
  const picture = new ScaleSetStore({
    onNews: (audience) => told.push(audience),
    options: { ...options, ...over },
    loadOf: (_namespace, set) => loads.get(set) ?? NO_LOAD,
    clock: () => 1000,
  });
  const scaleSet = aScaleSet();
  const { set, listener } = childrenOf(scaleSet);
  const all = { namespace, listener: listener.metadata.name ?? '' };
  const news = (): AutoscalingRunnerSetObservation | undefined => picture.takeNews(demo as never) as never;
  const listenerNews = (): ListenerObservation | undefined => picture.takeNews(all) as never;
  return { picture, told, loads, scaleSet, set, listener, news, listenerNews, listenerAudience: all };
}

/** Everything is there, as it should be, and has been told. */
function aSettledPicture(over: Partial<ChildOptions> = {}) {
  const parts = aPicture(over);
  parts.picture.putScaleSet(parts.scaleSet);
  parts.picture.putSet(parts.set);
  parts.picture.putListener(parts.listener);
  const first = parts.news();
  const listener = parts.listenerNews();
  parts.told.length = 0;
  return { ...parts, first, firstOfListener: listener };
}

describe('ScaleSetPicture', () => {
  test('a new scale set is news, without children', () => {
    const { picture, news, scaleSet, told } = aPicture();
    picture.putScaleSet(scaleSet);
    expect(told).toEqual([demo]);
    expect(news()).toMatchObject({
      at: 1000,
      scaleSet: { uid: 'ars-1', scaleSetId: 7 },
      sets: [],
      listeners: [],
    });
    expect(news()).toBeUndefined();
  });

  test('children that are as they should be are not stale', () => {
    const { first, firstOfListener } = aSettledPicture();
    expect(first?.sets).toEqual([
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
      scaleSet: { name: 'demo' },
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
    const { picture, news } = aSettledPicture();
    picture.putScaleSet(aScaleSet(spec, metadata));
    const told = news();
    expect(told?.sets[0]?.stale).toBe(setIs);
    expect(told?.listeners[0]?.stale).toBe(listenerIs);
  });

  test('what others write onto children makes nothing stale; what they take away does', () => {
    const { picture, set, listener, news } = aSettledPicture();
    const labels = { ...set.metadata.labels, stranger: 'x' };
    picture.putSet({ ...set, metadata: { ...set.metadata, labels } });
    picture.putListener({
      ...listener,
      metadata: { ...listener.metadata, labels: { ...listener.metadata.labels, y: 'z' } },
    });
    expect(news()).toBeUndefined();
    picture.putSet({ ...set, metadata: { ...set.metadata, labels: {} } });
    expect(news()?.sets[0]?.stale).toBe('metadata');
  });

  test('another URL or group: the listener stands in the wrong place', () => {
    const { picture, news } = aSettledPicture();
    picture.putScaleSet(aScaleSet({ runnerGroup: 'other' }));
    expect(news()?.listeners[0]?.current).toBeUndefined();
  });

  test('of several sets the newest counts', () => {
    const { picture, set, news } = aSettledPicture();
    const metadata = {
      ...set.metadata,
      name: 'demo-new',
      uid: 'ers-2',
      creationTimestamp: '2026-02-01T00:00:00Z',
    };
    picture.putSet({ ...set, metadata });
    expect(news()?.sets.map(({ name, current }) => [name, current])).toEqual([
      ['demo', undefined],
      ['demo-new', true],
    ]);
  });

  test('the capacity follows pause, drain and outdated runners at once', () => {
    const { picture, set, listenerNews } = aSettledPicture();
    const capacity = () => listenerNews()?.listener?.capacity;
    picture.putSet(withAnnotations(set, { 'temporal-arc/paused': 'true' }));
    expect(capacity()).toBe('closed');
    picture.putSet(set);
    expect(capacity()).toBe('open');
    picture.putSet(withAnnotations(set, { 'temporal-arc/draining': 'true' }));
    expect(capacity()).toBe('closed');
    picture.putSet({ ...set, status: { phase: 'Outdated' } });
    expect(capacity()).toBeUndefined();
    picture.removeSet(set);
    expect(capacity()).toBeUndefined();
  });

  test('a set that was paused by itself is told so; it and one that is paused with its scale set are as they should be', () => {
    const { picture, scaleSet, set, news } = aSettledPicture();
    const paused = { 'temporal-arc/paused': 'true' };
    picture.putSet(withAnnotations(set, paused));
    expect(news()?.sets).toMatchObject([{ paused: true }]);
    picture.putScaleSet(aScaleSet({}, { annotations: { ...scaleSet.metadata.annotations, ...paused } }));
    expect(news()?.sets[0]?.stale).toBeUndefined();
    picture.putSet(withAnnotations(set, { ...paused, 'temporal-arc/paused-with-owner': 'true' }));
    const [followed] = news()?.sets ?? [];
    expect([followed?.paused, followed?.stale]).toEqual([undefined, undefined]);
  });

  test('how runners are busy is looked at in intervals, where it matters', () => {
    const { picture, told, loads, listenerAudience } = aSettledPicture({ updateStrategy: 'eventual' });
    loads.set('demo', { busy: true, alive: 4, waitingForNode: [70_000] });
    picture.refresh();
    expect(told).toEqual([demo, listenerAudience]);
    expect(picture.takeNews(demo as never)).toMatchObject({ sets: [{ busy: true }] });
    expect(picture.takeNews(listenerAudience)).toMatchObject({ listener: { capacity: 4 } });
    told.length = 0;
    picture.refresh();
    expect(told).toEqual([demo]);
    expect(picture.takeNews(demo as never)).toBeUndefined();
  });

  test('a list replaces what was known of its namespace only', () => {
    const { picture, news, listenerNews } = aSettledPicture();
    picture.replaceScaleSets([], 'other');
    picture.replaceSets([], 'other');
    picture.replaceListeners([], 'other');
    expect(news()).toBeUndefined();
    picture.replaceListeners([], namespace);
    expect(listenerNews()).toMatchObject({ listener: null });
    picture.replaceSets([], namespace);
    picture.replaceScaleSets([]);
    expect(news()).toMatchObject({ scaleSet: null, sets: [], listeners: [] });
    expect(picture.audiences()).toEqual([]);
  });

  test('a listener whose scale set is gone is told of, so that it goes as well', () => {
    const { picture, news, scaleSet } = aSettledPicture();
    picture.removeScaleSet(scaleSet);
    expect(news()).toMatchObject({ scaleSet: null, listeners: [{ uid: 'al-1' }] });
  });

  test('the regular picture is everything, marked as such', () => {
    const { picture, news, listenerAudience } = aSettledPicture();
    expect(picture.snapshot(demo as never)).toMatchObject([{ snapshot: true, scaleSet: { uid: 'ars-1' } }]);
    expect(picture.snapshot(listenerAudience)).toMatchObject([{ snapshot: true, listener: { uid: 'al-1' } }]);
    expect(news()).toBeUndefined();
  });

  test('the pod of a listener is told of only where it runs in one', () => {
    const { picture, listenerNews, listener } = aSettledPicture({ listenerMode: 'pod' });
    const { name = '' } = listener.metadata;
    const pod: ListenerPodState = {
      ...{ uid: 'pod-1', name, namespace, phase: 'Running', ready: true, scheduled: true, initFailed: false },
      ...{ runner: { state: 'running' }, deleting: false, integrityHash: 'h' },
    };
    picture.putPod(pod);
    expect(listenerNews()?.listener?.pod).toEqual({
      uid: 'pod-1',
      phase: 'Running',
      ready: true,
      integrityHash: 'h',
    });
    picture.removePod({ ...pod, uid: 'another' });
    expect(listenerNews()).toBeUndefined();
    picture.replacePods([]);
    expect(listenerNews()?.listener?.pod).toBeUndefined();
    expect(listenerNews()).toBeUndefined();
  });
});

describe('what a set can take', () => {
  const set = { metadata: {}, spec: {} } as EphemeralRunnerSet;
  const blocked = (reason: string): EphemeralRunnerSet =>
    ({ ...set, status: { conditions: [{ type: 'CreationBlocked', status: 'True', reason }] } }) as never;
  const load = (alive: number, waitingForNode: number[] = []): SetLoad => ({
    busy: false,
    alive,
    waitingForNode,
  });
  test.each<[string, EphemeralRunnerSet | undefined, SetLoad, 'open' | 'closed' | number]>([
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
  expect(askedOf(aScaleSet({ maxRunners: 3 }))).toBe(askedOf(base));
  for (const spec of [{ runnerGroup: 'g' }, { runnerScaleSetName: 'n' }, { runnerScaleSetLabels: ['l'] }])
    expect(askedOf(aScaleSet(spec))).not.toBe(askedOf(base));
  expect(gitHubAnnotationsOf(base)).toBe('7/Default/');
  expect(gitHubAnnotationsOf(aScaleSet({}, { annotations: {} }))).toBe('');
});

describe('how workflows are started', () => {
  const { first, firstOfListener, listenerAudience } = aSettledPicture();
  test.each<[string, WorkflowTarget, AutoscalingRunnerSetObservation | ListenerObservation, object]>([
    ['a scale set', demo, first!, { type: 'autoscalingRunnerSet', args: [{ namespace, name: 'demo' }] }],
    ['a listener', listenerAudience, firstOfListener!, { type: 'autoscalingListener' }],
  ])('%s', (_what, audience, observation, expected) => {
    const start = startOptionsFor('c1', audience, observation);
    expect(start).toMatchObject(expected);
    expect(start.typedSearchAttributes.map(({ value }) => value)).toEqual([
      'c1',
      namespace,
      'demo',
      'https://github.com/octo/app',
    ]);
  });
  test('none for what does not exist', () => {
    const nothing = { at: 1, scaleSet: null, wanted: '', sets: [], listeners: [] };
    expect(needsWorkflow(nothing)).toBe(false);
    expect(needsWorkflow({ ...nothing, listeners: first!.listeners })).toBe(true);
    expect(needsWorkflow({ at: 1, listener: null })).toBe(false);
  });
});
