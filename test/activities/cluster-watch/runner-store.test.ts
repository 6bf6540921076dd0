import type { RunnerSetTarget as Audience } from '../../../src/activities/cluster-watch/workflow-target.ts';
import { RunnerStore } from '../../../src/activities/cluster-watch/runner-store.ts';
import type { OwnedRunner } from '../../../src/activities/cluster-watch/observed-runners.ts';
import type { PodState } from '../../../src/kubernetes/pod-state.ts';
import { aSet, seen } from '../../workflows/ephemeral-runner-set/builders.ts';

const namespace = 'team';
const demo: Audience = { namespace, set: 'demo' };

const runner = (name: string, over: Partial<OwnedRunner> = {}): OwnedRunner => ({
  namespace,
  set: 'demo',
  runner: seen({ name }),
  ...over,
});

const pod = (name: string, over: Partial<PodState> = {}): PodState => ({
  uid: `uid-${name}`,
  name,
  namespace,
  phase: 'Running',
  ready: false,
  scheduled: true,
  runner: { state: 'running' },
  initFailed: false,
  deleting: false,
  ...over,
});

function aPicture() {
  const told: Audience[] = [];
  const picture = new RunnerStore(
    (audience) => told.push(audience),
    () => 1000,
  );
  return { picture, told };
}

describe('ClusterPicture', () => {
  test('a new set is news for its audience, once', () => {
    const { picture, told } = aPicture();
    picture.putSet({ namespace, name: 'demo', set: aSet() });
    expect(told).toEqual([demo]);
    expect(picture.takeNews(demo)).toEqual({ at: 1000, set: aSet() });
    expect(picture.takeNews(demo)).toBeUndefined();
  });

  test('the load of a set are its runners that have a pod: a runner that a quota keeps from one takes no job', () => {
    const { picture } = aPicture();
    for (const name of ['up', 'waiting', 'ended', 'unmade']) {
      const phase = name === 'ended' ? 'Succeeded' : 'Pending';
      picture.putRunner(runner(name, { runner: seen({ name, phase }) }));
      if (name !== 'unmade') picture.putPod(pod(name, name === 'waiting' ? { unschedulableSince: 400 } : {}));
    }
    expect(picture.loadOf(namespace, 'demo')).toEqual({ busy: false, alive: 2, waitingForNode: [600] });
  });

  test('news can be taken out from within the call that announces it', () => {
    const taken: unknown[] = [];
    const picture: RunnerStore = new RunnerStore(
      (audience) => taken.push(picture.takeNews(audience)),
      () => 1000,
    );
    picture.putSet({ namespace, name: 'demo', set: aSet() });
    picture.putRunner(runner('a'));
    picture.removeRunner('team/a');
    expect(taken).toEqual([
      { at: 1000, set: aSet() },
      { at: 1000, runners: [seen({ name: 'a' })] },
      { at: 1000, gone: ['a'] },
    ]);
  });

  test('a change that makes no difference to decisions is no news', () => {
    const { picture, told } = aPicture();
    picture.putRunner(runner('a'));
    picture.putPod(pod('a'));
    told.length = 0;
    picture.putRunner(runner('a'));
    picture.putPod(pod('a', { scheduled: false }));
    expect(told).toEqual([]);
  });

  test('a pod may be seen before its runner', () => {
    const { picture } = aPicture();
    picture.putPod(pod('a'));
    picture.putRunner(runner('a'));
    expect(picture.takeNews(demo)?.runners?.[0]?.pod).toEqual({ uid: 'uid-a', phase: 'Running' });
  });

  test('a pod that is gone is gone from its runner; the end of an older pod of that name is not', () => {
    const { picture } = aPicture();
    picture.putRunner(runner('a'));
    picture.putPod(pod('a'));
    picture.removePod(pod('a', { uid: 'older' }));
    expect(picture.takeNews(demo)?.runners?.[0]?.pod).toBeDefined();
    picture.removePod(pod('a'));
    expect(picture.takeNews(demo)?.runners?.[0]?.pod).toBeUndefined();
  });

  test('of several changes to a runner, the last one counts; created and gone again is just gone', () => {
    const { picture } = aPicture();
    picture.putRunner(runner('a'));
    picture.removeRunner('team/a');
    expect(picture.takeNews(demo)).toEqual({ at: 1000, gone: ['a'] });
  });

  test('runners that belong to no set have an audience of their own', () => {
    const { picture, told } = aPicture();
    const { set: _none, ...loose } = runner('a');
    picture.putRunner(loose);
    expect(told).toEqual([{ namespace }]);
    expect(picture.takeNews({ namespace })?.runners).toHaveLength(1);
  });

  test('a list replaces what was known; what is not in it is gone', () => {
    const { picture } = aPicture();
    picture.putSet({ namespace, name: 'demo', set: aSet() });
    picture.replaceRunners([runner('a'), runner('b')]);
    picture.takeNews(demo);
    picture.replaceRunners([runner('b'), runner('c')]);
    picture.replaceSets([]);
    expect(picture.takeNews(demo)).toMatchObject({ set: null, gone: ['a'], runners: [{ name: 'c' }] });
  });

  test('a list of one namespace says nothing of others', () => {
    const { picture, told } = aPicture();
    picture.putRunner(runner('a', { namespace: 'other' }));
    told.length = 0;
    picture.replaceRunners([], namespace);
    expect(told).toEqual([]);
  });

  test('a snapshot holds everything, in parts, and then there are no news', () => {
    const { picture } = aPicture();
    picture.putSet({ namespace, name: 'demo', set: aSet() });
    picture.replaceRunners(Array.from({ length: 2500 }, (_, i) => runner(`r${i}`)));
    const parts = picture.snapshot(demo);
    expect(parts.map(({ snapshot }) => snapshot)).toEqual([1, 2, 3].map((part) => ({ part, parts: 3 })));
    expect(parts.map(({ set }) => set !== undefined)).toEqual([true, false, false]);
    expect(parts.flatMap(({ runners }) => runners)).toHaveLength(2500);
    expect(picture.takeNews(demo)).toBeUndefined();
  });

  test('a set that is gone with its runners is told of, and forgotten', () => {
    const { picture } = aPicture();
    picture.putSet({ namespace, name: 'demo', set: aSet() });
    picture.takeNews(demo);
    picture.removeSet(namespace, 'demo');
    expect(picture.takeNews(demo)).toEqual({ at: 1000, set: null });
    expect(picture.audiences()).toEqual([]);
  });
});
