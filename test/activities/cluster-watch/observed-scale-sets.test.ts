import {
  observedAutoscalingRunnerSet,
  observedChildListener,
  observedChildRunnerSet,
  observedListener,
} from '../../../src/activities/cluster-watch/observed-scale-sets.ts';
import { LISTENER_MODE_ANNOTATION } from '../../../src/api/annotations.ts';
import { AUTOSCALING_RUNNER_SET_FINALIZER } from '../../../src/api/finalizers.ts';
import { aScaleSet, aSettledStore, childrenOf, withAnnotations } from './scale-set-builders.ts';

describe('children that the watch compares with what they should be', () => {
  test('children that are as they should be are not stale', () => {
    const { first, firstOfListener } = aSettledStore();
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
      { template: { spec: { containers: [{ name: 'runner', image: 'newer' }] } } },
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
    const { store, news } = aSettledStore();
    store.putScaleSet(aScaleSet(spec, metadata));
    const told = news();
    expect(told?.runnerSets[0]?.stale).toBe(setIs);
    expect(told?.listeners[0]?.stale).toBe(listenerIs);
  });

  test('what others write onto children makes nothing stale; what they take away does', () => {
    const { store, set, listener, news } = aSettledStore();
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
    const { store, news } = aSettledStore();
    store.putScaleSet(aScaleSet({ runnerGroup: 'other' }));
    expect(news()?.listeners[0]?.current).toBeUndefined();
  });

  test('a set that was paused by itself is told so; it and one that is paused with its scale set are as they should be', () => {
    const { store, scaleSet, set, news } = aSettledStore();
    const paused = { 'temporal-arc/paused': 'true' };
    store.putSet(withAnnotations(set, paused));
    expect(news()?.runnerSets).toMatchObject([{ paused: true }]);
    store.putScaleSet(aScaleSet({}, { annotations: { ...scaleSet.metadata.annotations, ...paused } }));
    expect(news()?.runnerSets[0]?.stale).toBeUndefined();
    store.putSet(withAnnotations(set, { ...paused, 'temporal-arc/paused-with-owner': 'true' }));
    const [followed] = news()?.runnerSets ?? [];
    expect([followed?.paused, followed?.stale]).toEqual([undefined, undefined]);
  });
});

describe('an AutoscalingRunnerSet', () => {
  const observe = (metadata: object = {}, updateStrategy: 'immediate' | 'eventual' = 'immediate') =>
    observedAutoscalingRunnerSet(aScaleSet({}, metadata), { updateStrategy });

  test('says nothing that is not so', () => {
    expect(observe()).toEqual({
      uid: 'ars-1',
      generation: 1,
      configUrl: 'https://github.com/octo/app',
      specHash: expect.any(String),
      gitHubAnnotations: '7/Default/',
      scaleSetId: 7,
    });
  });

  test.each<[string, object, object]>([
    ['its finalizer', { finalizers: [AUTOSCALING_RUNNER_SET_FINALIZER] }, { hasFinalizer: true }],
    ['that it is being deleted', { deletionTimestamp: '2026-01-02T00:00:00Z' }, { deleting: true }],
    ['that it is paused', { annotations: { 'temporal-arc/paused': 'true' } }, { paused: true }],
  ])('says %s', (_what, metadata, expected) => {
    expect(observe(metadata)).toMatchObject(expected);
  });

  test('says whether a new template waits for jobs', () => {
    expect(observe({}, 'eventual')).toMatchObject({ eventual: true });
  });

  test.each(['0', '-1', 'x', ''])('has no scale set by the id %j', (id) => {
    const observed = observe({ annotations: { 'runner-scale-set-id': id } });
    expect(observed).not.toHaveProperty('scaleSetId');
    expect(observed.gitHubAnnotations).toBe('');
  });
});

describe('an EphemeralRunnerSet of a scale set', () => {
  const { set } = childrenOf(aScaleSet());
  const facts = { wanted: undefined, current: true, busy: false, paused: false };

  test('says how many runners it has, and why it can make none', () => {
    const condition = { type: 'CreationBlocked', reason: 'QuotaExceeded', message: 'full' };
    const status = { pendingEphemeralRunners: 1, runningEphemeralRunners: 2, failedEphemeralRunners: 3 };
    const observe = (blocked: 'True' | 'False') =>
      observedChildRunnerSet(
        { ...set, status: { ...status, conditions: [{ ...condition, status: blocked }] } } as typeof set,
        { ...facts, busy: true },
      );
    expect(observe('True')).toMatchObject({
      ...{ pending: 1, running: 2, failed: 3, busy: true },
      blocked: { reason: 'QuotaExceeded', message: 'full' },
    });
    expect(observe('False')).not.toHaveProperty('blocked');
  });

  test('is not stale while nobody knows what it should be, or when it is not the one that counts', () => {
    const other = childrenOf(aScaleSet({ githubConfigSecret: 'other' })).set;
    expect(observedChildRunnerSet(set, facts).stale).toBeUndefined();
    expect(observedChildRunnerSet(set, { ...facts, wanted: other, current: false }).stale).toBeUndefined();
    expect(observedChildRunnerSet(set, { ...facts, wanted: other }).stale).toBe('template');
  });
});

describe('an AutoscalingListener of a scale set', () => {
  const { listener } = childrenOf(aScaleSet());

  test('in another namespace than it should be is in the wrong place, not stale', () => {
    const elsewhere = { ...listener, metadata: { ...listener.metadata, namespace: 'systems' } };
    const observed = observedChildListener(elsewhere, listener);
    expect([observed.current, observed.stale]).toEqual([undefined, undefined]);
  });

  test('says whether it is ready, and that it is being deleted', () => {
    const ready = { type: 'Ready', status: 'False' as const, reason: 'SessionConflict', message: 'm' };
    const { deleting, ready: told } = observedChildListener(
      {
        ...listener,
        metadata: { ...listener.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' },
        status: { conditions: [ready] },
      } as typeof listener,
      listener,
    );
    expect(deleting).toBe(true);
    expect(told).toEqual({ status: 'False', reason: 'SessionConflict', message: 'm' });
  });
});

describe('an AutoscalingListener for its own workflow', () => {
  const { listener } = childrenOf(aScaleSet());
  const observe = (over: Partial<typeof listener>, mode: 'worker' | 'pod' = 'worker') =>
    observedListener({ ...listener, ...over }, undefined, { listenerMode: mode, listenerImage: 'ours' });
  const annotated = (mode: string) => ({
    metadata: { ...listener.metadata, annotations: { [LISTENER_MODE_ANNOTATION]: mode } },
  });
  const template = { spec: { ...listener.spec, template: { spec: { containers: [] } } } };

  test.each<[string, Partial<typeof listener>, 'worker' | 'pod', 'worker' | 'pod']>([
    ['as configured', {}, 'worker', 'worker'],
    ['as configured', {}, 'pod', 'pod'],
    ['as its annotation says', annotated('pod'), 'worker', 'pod'],
    ['as its annotation says', annotated('worker'), 'pod', 'worker'],
    ['in a pod when there is a template for one', template, 'worker', 'pod'],
  ])('runs %s (%#)', (_what, over, configured, expected) => {
    expect(observe(over, configured).mode).toBe(expected);
  });

  test('labels begin a new listener only where they go down to its pod', () => {
    const labelled = { metadata: { ...listener.metadata, labels: { team: 'b' } } };
    expect(observe(labelled).specHash).toBe(observe({}).specHash);
    expect(observe(labelled, 'pod').specHash).not.toBe(observe({}, 'pod').specHash);
  });

  test('another spec is told by its hash', () => {
    const spec = { ...listener.spec, maxRunners: 3 };
    expect(observe({ spec }).specHash).not.toBe(observe({}).specHash);
  });
});
