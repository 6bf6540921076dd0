import { events } from '../../src/kubernetes/client/resources.ts';
import { recordEvent } from '../../src/kubernetes/record-event.ts';
import { ClusterStandIn } from '../activities/cluster-stand-in.ts';

const regarding = { apiVersion: 'v1', kind: 'Secret', namespace: 'team', name: 'one', uid: 'u1' };
const event = { type: 'Warning', reason: 'Lost', message: 'It is gone.' } as const;

test('an Event stands in the namespace of what it is about', async () => {
  const cluster = new ClusterStandIn();
  await recordEvent(cluster.client, regarding, event);
  expect(cluster.all(events, 'team')).toMatchObject([
    { ...event, involvedObject: { kind: 'Secret', name: 'one', uid: 'u1' } },
  ]);
});

test('what an Event may hold beside is not taken over into it', async () => {
  const cluster = new ClusterStandIn();
  await recordEvent(cluster.client, regarding, { ...event, runner: 'r1' } as never);
  expect(cluster.all(events, 'team')[0]).not.toHaveProperty('runner');
});
