import type { Blocked } from '../../../src/activities/cluster-watch/policies/blocked.ts';
import { Surroundings } from '../../../src/activities/cluster-watch/surroundings.ts';
import { secrets } from '../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

const key = { namespace: 'team', name: 'github' };
const { signal } = new AbortController();
const targetOf = (runnerSet: string) => ({ namespace: 'team', runnerSet });

function aLook(wouldTakePod = (): Promise<boolean> => Promise.resolve(true)) {
  const cluster = new ClusterStandIn();
  const changes: [unknown, string][] = [];
  let reads = 0;
  const get: typeof cluster.client.get = (...args) => {
    reads += 1;
    return cluster.client.get(...args);
  };
  const surroundings = new Surroundings({
    kubernetes: { get },
    wouldTakePod,
    onChange: (target, seen) => void changes.push([target, seen]),
  });
  const block = (name: string, over: Partial<Blocked> = {}): void =>
    surroundings.put(targetOf(name), {
      target: targetOf(name),
      references: [{ kind: 'Secret', ...key }],
      ...over,
    });
  return { cluster, changes, block, surroundings, look: () => surroundings.look(signal), reads: () => reads };
}

test('one request serves all that share a Secret, and a change of it is told to each, once', async () => {
  const { cluster, changes, block, look, reads } = aLook();
  ['a', 'b', 'c'].forEach((name) => block(name));
  await look();
  expect(reads()).toBe(1);
  expect(changes.map(([target]) => target)).toEqual(['a', 'b', 'c'].map(targetOf));
  await look();
  expect(changes).toHaveLength(3);
  cluster.put(secrets, key.namespace, { metadata: key });
  await look();
  await look();
  expect(changes).toHaveLength(6);
  expect(changes[3]?.[1]).not.toBe(changes[0]?.[1]);
});

test('what is no longer blocked is not looked at, and nothing is asked where nothing is', async () => {
  const { block, surroundings, look, reads } = aLook();
  await look();
  block('a');
  surroundings.put(targetOf('a'), undefined);
  await look();
  expect(reads()).toBe(0);
});

test('a request that fails tells of no change', async () => {
  const { cluster, changes, block, look } = aLook();
  cluster.put(secrets, key.namespace, { metadata: key });
  block('a');
  await look();
  cluster.failNext({ verb: 'get', resource: secrets, status: 500, reason: 'InternalError' });
  await look();
  expect(changes).toHaveLength(1);
});

test('where Kubernetes refuses pods, it is asked whether it still does', async () => {
  let answer: boolean | Error = false;
  const { changes, block, look } = aLook(() =>
    answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer),
  );
  block('a', { set: {} as never });
  await look();
  answer = new Error('no answer');
  await look();
  expect(changes).toHaveLength(1);
  answer = true;
  await look();
  expect(changes).toHaveLength(2);
});
