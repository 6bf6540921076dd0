import { PodEvents } from '../../../src/activities/cluster-watch/pod-events.ts';
import { events } from '../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

const namespace = 'team';
const { signal } = new AbortController();

/** Pods `a` and `b` are starting. */
function aLook() {
  const cluster = new ClusterStandIn();
  const starting = ['a', 'b'].map((name) => ({ namespace, name, uid: `uid-${name}` }));
  const told: unknown[] = [];
  const asked: unknown[] = [];
  let now = 0;
  const podEvents = new PodEvents({
    kubernetes: {
      list: (resource, options) => {
        asked.push(options?.namespace);
        return cluster.client.list(resource, options);
      },
    },
    store: { startingPods: () => starting, noteTrouble: ({ name }, words) => void told.push([name, words]) },
    clock: () => now,
  });
  const event = (uid: string, reason: string, message: string, at = 1) =>
    cluster.put(events, namespace, {
      involvedObject: { kind: 'Pod', uid },
      ...{ reason, message, type: 'Warning', lastTimestamp: new Date(at).toISOString() },
      metadata: { name: `e${Math.random()}` },
    });
  const lookAt = (at: number) => {
    now = at;
    return podEvents.look(signal);
  };
  return { cluster, starting, told, asked, event, lookAt };
}

test('nothing is asked while pods start as usual, and one request serves a namespace', async () => {
  const { asked, lookAt, starting } = aLook();
  await lookAt(0);
  await lookAt(4_999);
  expect(asked).toEqual([]);
  await lookAt(5_000);
  expect(asked).toEqual([namespace]);
  starting.length = 0;
  await lookAt(10_000);
  expect(asked).toHaveLength(1);
});

test('the last word about a pod counts; other reasons, and other pods, do not', async () => {
  const { event, lookAt, told } = aLook();
  event('uid-a', 'FailedMount', 'new', 9);
  event('uid-a', 'FailedMount', 'old', 5);
  event('uid-b', 'FailedToRetrieveImagePullSecret', 'harmless');
  event('uid-of-another', 'FailedMount', 'm');
  await lookAt(0);
  await lookAt(6_000);
  expect(told).toEqual([['a', { reason: 'FailedMount', message: 'new' }]]);
});

test('without the right to list Events nothing is known', async () => {
  const { cluster, lookAt, told } = aLook();
  cluster.failNext({ verb: 'list', resource: events, status: 403, reason: 'Forbidden' });
  await lookAt(0);
  await lookAt(6_000);
  expect(told).toEqual([]);
});
