import type { RunnerSetObservation } from '../../../src/messages/observations.ts';
import type { RunnerSetTarget } from '../../../src/activities/cluster-watch/workflow-target.ts';
import { RunnerStore } from '../../../src/activities/cluster-watch/runner-store.ts';
import type { OwnedRunner } from '../../../src/activities/cluster-watch/observed-runners.ts';
import type { PodState } from '../../../src/kubernetes/pod-state.ts';
import { aSet, seen } from '../../workflows/ephemeral-runner-set/builders.ts';

const namespace = 'team';
const demo: RunnerSetTarget = { namespace, runnerSet: 'demo' };

const runner = (name: string, over: Partial<OwnedRunner> = {}): OwnedRunner => ({
  namespace,
  runnerSet: 'demo',
  runner: seen({ name }),
  ...over,
});

const pod = (name: string, over: Partial<PodState> = {}): PodState => ({
  uid: `uid-${name}`,
  name,
  namespace,
  phase: 'Running',
  ready: false,
  runner: { state: 'running' },
  ...{ ended: false, disrupted: false, nodeLost: false },
  deleting: false,
  ...over,
});

function aStore() {
  const told: RunnerSetTarget[] = [];
  const store = new RunnerStore(
    (target) => told.push(target),
    () => 1000,
  );
  return { store, told };
}

describe('RunnerStore', () => {
  test('a new set is news for its target, once', () => {
    const { store, told } = aStore();
    store.putSet({ namespace, name: 'demo', runnerSet: aSet() });
    expect(told).toEqual([demo]);
    expect(store.takeNews(demo)).toEqual({ at: 1000, runnerSet: aSet() });
    expect(store.takeNews(demo)).toBeUndefined();
  });

  test('the load of a set are its runners that have a pod: a runner that a quota keeps from one takes no job', () => {
    const { store } = aStore();
    for (const name of ['up', 'waiting', 'ended', 'unmade']) {
      const phase = name === 'ended' ? 'Succeeded' : 'Pending';
      store.putRunner(runner(name, { runner: seen({ name, phase }) }));
      if (name !== 'unmade') store.putPod(pod(name, name === 'waiting' ? { unschedulableSince: 400 } : {}));
    }
    expect(store.loadOf(namespace, 'demo')).toEqual({ busy: false, alive: 2, waitingForNode: [600] });
  });

  test('news can be taken out from within the call that announces it', () => {
    const taken: unknown[] = [];
    const store: RunnerStore = new RunnerStore(
      (target) => taken.push(store.takeNews(target)),
      () => 1000,
    );
    store.putSet({ namespace, name: 'demo', runnerSet: aSet() });
    store.putRunner(runner('a'));
    store.removeRunner('team/a');
    expect(taken).toEqual([
      { at: 1000, runnerSet: aSet() },
      { at: 1000, runners: [seen({ name: 'a' })] },
      { at: 1000, gone: ['a'] },
    ]);
  });

  test('a change that makes no difference to decisions is no news', () => {
    const { store, told } = aStore();
    store.putRunner(runner('a'));
    store.putPod(pod('a'));
    told.length = 0;
    store.putRunner(runner('a'));
    store.putPod(pod('a', { unschedulableSince: 1 }));
    expect(told).toEqual([]);
  });

  test('a pod may be seen before its runner', () => {
    const { store } = aStore();
    store.putPod(pod('a'));
    store.putRunner(runner('a'));
    expect(store.takeNews(demo)?.runners?.[0]?.pod).toEqual({ uid: 'uid-a', phase: 'Running' });
  });

  test('a pod that is gone is gone from its runner; the end of an older pod of that name is not', () => {
    const { store } = aStore();
    store.putRunner(runner('a'));
    store.putPod(pod('a'));
    store.removePod(pod('a', { uid: 'older' }));
    expect(store.takeNews(demo)?.runners?.[0]?.pod).toBeDefined();
    store.removePod(pod('a'));
    expect(store.takeNews(demo)?.runners?.[0]?.pod).toBeUndefined();
  });

  test('a pod that came and went before anybody was told is told of as gone, until there is another', () => {
    const { store } = aStore();
    store.putRunner(runner('a'));
    store.putPod(pod('a'));
    store.removePod(pod('a'));
    expect(store.takeNews(demo)?.runners).toEqual([seen({ name: 'a', goneUid: 'uid-a' })]);
    store.putRunner(runner('a', { runner: seen({ name: 'a', ready: true }) }));
    expect(store.takeNews(demo)?.runners).toEqual([seen({ name: 'a', ready: true, goneUid: 'uid-a' })]);
    store.putPod(pod('a', { uid: 'next' }));
    expect(store.takeNews(demo)?.runners?.[0]).not.toHaveProperty('goneUid');
  });

  test('of several changes to a runner, the last one counts; created and gone again is just gone', () => {
    const { store } = aStore();
    store.putRunner(runner('a'));
    store.removeRunner('team/a');
    expect(store.takeNews(demo)).toEqual({ at: 1000, gone: ['a'] });
  });

  test('runners that belong to no set have a target of their own', () => {
    const { store, told } = aStore();
    const { runnerSet: _none, ...standalone } = runner('a');
    store.putRunner(standalone);
    expect(told).toEqual([{ namespace }]);
    expect(store.takeNews({ namespace })?.runners).toHaveLength(1);
  });

  test('a list replaces what was known; what is not in it is gone', () => {
    const { store } = aStore();
    store.putSet({ namespace, name: 'demo', runnerSet: aSet() });
    store.replaceRunners([runner('a'), runner('b')]);
    store.takeNews(demo);
    store.replaceRunners([runner('b'), runner('c')]);
    store.replaceSets([]);
    expect(store.takeNews(demo)).toMatchObject({ runnerSet: null, gone: ['a'], runners: [{ name: 'c' }] });
  });

  test('a list of one namespace says nothing of others', () => {
    const { store, told } = aStore();
    store.putRunner(runner('a', { namespace: 'other' }));
    told.length = 0;
    store.replaceRunners([], namespace);
    expect(told).toEqual([]);
  });

  test('a snapshot holds everything, in parts, and then there are no news', () => {
    const { store } = aStore();
    store.putSet({ namespace, name: 'demo', runnerSet: aSet() });
    store.replaceRunners(Array.from({ length: 2500 }, (_, i) => runner(`r${i}`)));
    const parts = store.snapshot(demo);
    expect(parts.map(({ snapshot }) => snapshot)).toEqual(
      [1, 2, 3].map((part) => ({ id: 1, part, parts: 3 })),
    );
    expect(store.snapshot(demo)[0]?.snapshot?.id).toBe(2);
    expect(parts.map(({ runnerSet }) => runnerSet !== undefined)).toEqual([true, false, false]);
    expect(parts.flatMap(({ runners }) => runners)).toHaveLength(2500);
    expect(store.takeNews(demo)).toBeUndefined();
  });

  test('a set that is gone with its runners is told of, and forgotten', () => {
    const { store } = aStore();
    store.putSet({ namespace, name: 'demo', runnerSet: aSet() });
    store.takeNews(demo);
    store.removeSet(namespace, 'demo');
    expect(store.takeNews(demo)).toEqual({ at: 1000, runnerSet: null });
    expect(store.targets()).toEqual([]);
  });

  test('no message has more bytes than Temporal takes without a warning, and nothing is left out', () => {
    const { store } = aStore();
    const big = (i: number) => {
      const each = runner(`r${i}`);
      return { ...each, runner: { ...each.runner, revision: 'ü'.repeat(1_000) } };
    };
    const all = Array.from({ length: 500 }, (_, i) => big(i));
    store.replaceRunners(all);
    const news: RunnerSetObservation[] = [];
    for (let next = store.takeNews(demo); next; next = store.takeNews(demo)) news.push(next);
    const snapshot = store.snapshot(demo);
    for (const messages of [news, snapshot]) {
      expect(messages.length).toBeGreaterThan(3);
      for (const each of messages) expect(Buffer.byteLength(JSON.stringify(each))).toBeLessThan(256 * 1024);
      expect(messages.flatMap(({ runners = [] }) => runners.map(({ name }) => name))).toEqual(
        all.map((each) => each.runner.name),
      );
    }
    expect(new Set(snapshot.map(({ snapshot: of }) => of?.parts))).toEqual(new Set([snapshot.length]));
  });
});

describe('a pod that does not start', () => {
  const starting = pod('r', { phase: 'Pending', runner: { state: 'waiting', reason: 'ContainerCreating' } });
  const words = { reason: 'FailedMount', message: 'secret "s" not found' };
  const podOf = (store: RunnerStore) => store.takeNews(demo)?.runners?.[0]?.pod;

  function begun() {
    const { store } = aStore();
    store.putRunner(runner('r'));
    store.putPod(starting);
    return store;
  }

  test('is stuck with what the kubelet says in an Event, until it says something itself', () => {
    const store = begun();
    expect([...store.startingPods()]).toMatchObject([{ name: 'r' }]);
    store.noteTrouble(starting, words);
    expect(podOf(store)).toMatchObject({ stuck: true, ...words });
    store.putPod({ ...starting, phase: 'Running' });
    expect(podOf(store)).not.toHaveProperty('stuck');
    expect([...store.startingPods()]).toEqual([]);
  });

  test('what is said of an earlier pod is none of a later one', () => {
    const store = begun();
    store.noteTrouble({ ...starting, uid: 'another' }, words);
    expect(podOf(store)).not.toHaveProperty('stuck');
    store.noteTrouble(starting, words);
    store.removePod(starting);
    store.putPod({ ...starting, uid: 'next' });
    expect(podOf(store)).not.toHaveProperty('stuck');
  });

  test.each<[string, Partial<PodState>]>([
    ['waits for a node', { waitsForNode: true }],
    ['says itself why', { stuck: { reason: 'ErrImagePull' } }],
    ['is being deleted', { deleting: true }],
    ['runs', { phase: 'Running' }],
  ])('is not looked after when it %s', (_what, over) => {
    const store = begun();
    store.putPod({ ...starting, ...over });
    expect([...store.startingPods()]).toEqual([]);
  });
});
