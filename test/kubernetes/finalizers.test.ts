import { changedFinalizers, finalizersPatch, setFinalizer } from '../../src/kubernetes/finalizers.ts';
import { secrets } from '../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../activities/cluster-stand-in.ts';

const withThem = (...finalizers: string[]) => ({ metadata: { finalizers, resourceVersion: '7' } });

describe('finalizers of an object', () => {
  test.each([
    ['added to none', { metadata: {} }, ['a'], true, ['a']],
    ['added to others', withThem('x'), ['a', 'b'], true, ['x', 'a', 'b']],
    ['one of two is there already', withThem('x', 'a'), ['a', 'b'], true, ['x', 'a', 'b']],
    ['there already', withThem('a', 'x'), ['a'], true, undefined],
    ['taken off, others stay', withThem('a', 'x', 'b'), ['a', 'b'], false, ['x']],
    ['gone already', withThem('x'), ['a', 'b'], false, undefined],
    ['an object without metadata', {}, ['a'], false, undefined],
  ])('%s', (_what, object, finalizers, present, expected) => {
    expect(changedFinalizers(object, { finalizers, present })).toEqual(expected);
  });

  test('the patch holds only for the version that was read', () => {
    expect(finalizersPatch(withThem('x'), { finalizers: ['a'], present: true })).toEqual({
      metadata: { finalizers: ['x', 'a'], resourceVersion: '7' },
    });
    expect(finalizersPatch(withThem('a'), { finalizers: ['a'], present: true })).toBeUndefined();
  });
});

describe('setFinalizer', () => {
  const key = { namespace: 'team', name: 'one' };
  const cluster = new ClusterStandIn();
  const set = (present: boolean) =>
    setFinalizer(cluster.client, { resource: secrets, ...key }, { finalizer: 'a', present });

  test('writes once, and nothing for what is gone', async () => {
    await set(true);
    expect(cluster.writes).toEqual([]);
    await cluster.client.create(secrets, key.namespace, { metadata: key });
    cluster.writes.length = 0;
    await set(true);
    await set(true);
    expect(cluster.writes).toHaveLength(1);
    await set(false);
    expect((await cluster.client.get(secrets, key)).metadata?.finalizers ?? []).toEqual([]);
  });

  test('leaves another object of the same name alone, where it is told which one is meant', async () => {
    const { uid = '' } = (await cluster.client.get(secrets, key)).metadata ?? {};
    const change = { finalizer: 'a', present: true };
    cluster.writes.length = 0;
    await setFinalizer(cluster.client, { resource: secrets, ...key, uid: 'another' }, change);
    expect(cluster.writes).toEqual([]);
    await setFinalizer(cluster.client, { resource: secrets, ...key, uid }, change);
    expect(cluster.writes).toHaveLength(1);
  });
});
