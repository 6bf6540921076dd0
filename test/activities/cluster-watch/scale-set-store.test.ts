import type { PodState } from '../../../src/kubernetes/pod-state.ts';
import type { WorkflowTarget } from '../../../src/activities/cluster-watch/workflow-target.ts';
import { aScaleSet, aSettledStore, aStore, demo, namespace, withAnnotations } from './scale-set-builders.ts';

describe('ScaleSetStore', () => {
  test('a new scale set is news, without children', () => {
    const { store, news, scaleSet, told } = aStore();
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

  test('of several sets the newest counts', () => {
    const { store, set, news } = aSettledStore();
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
    const { store, set, listenerNews } = aSettledStore();
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

  test('how runners are busy is looked at in intervals, where it matters', () => {
    const { store, told, loads, listenerTarget } = aSettledStore({ updateStrategy: 'eventual' });
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
    const { store, news, listenerNews } = aSettledStore();
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
    const { store, news, scaleSet } = aSettledStore();
    store.removeScaleSet(scaleSet);
    expect(news()).toMatchObject({ autoscalingRunnerSet: null, listeners: [{ uid: 'al-1' }] });
  });

  test('the regular snapshot is everything, marked as such', () => {
    const { store, news, listenerTarget } = aSettledStore();
    expect(store.snapshot(demo as never)).toMatchObject([
      { snapshot: true, autoscalingRunnerSet: { uid: 'ars-1' } },
    ]);
    expect(store.snapshot(listenerTarget)).toMatchObject([{ snapshot: true, listener: { uid: 'al-1' } }]);
    expect(news()).toBeUndefined();
  });

  test('the pod of a listener is told of only where it runs in one', () => {
    const { store, listenerNews, listener } = aSettledStore({ listenerMode: 'pod', listenerImage: 'ours' });
    const { name = '' } = listener.metadata;
    const pod: PodState = {
      ...{ uid: 'pod-1', name, namespace, phase: 'Running', ready: true, ended: false },
      ...{ runner: { state: 'running' }, deleting: false, disrupted: false, nodeLost: false },
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

describe('of two that have one scale set', () => {
  const second: WorkflowTarget = { namespace: 'other', autoscalingRunnerSet: 'demo' };
  const younger = (metadata: object = {}) =>
    aScaleSet(
      {},
      { namespace: 'other', uid: 'ars-2', creationTimestamp: '2026-02-01T00:00:00Z', ...metadata },
    );

  test('the younger is told so, and told at once when its turn comes', () => {
    const { store, told, scaleSet, news } = aSettledStore();
    store.putScaleSet(younger());
    expect(store.takeNews(second as never)).toMatchObject({
      autoscalingRunnerSet: {
        problem: { reason: 'ScaleSetTaken', message: expect.stringContaining('team/demo has scale set 7') },
      },
    });
    expect(news()).toBeUndefined();
    told.length = 0;
    store.removeScaleSet(scaleSet);
    expect(told).toContainEqual(second);
    expect(store.takeNews(second as never)).not.toHaveProperty('autoscalingRunnerSet.problem');
  });

  test('it is so no longer when one of them has another', () => {
    const { store } = aSettledStore();
    store.putScaleSet(younger());
    store.takeNews(second);
    store.putScaleSet(aScaleSet({}, { annotations: { 'runner-scale-set-id': '8' } }));
    expect(store.takeNews(second as never)).not.toHaveProperty('autoscalingRunnerSet.problem');
  });
});
