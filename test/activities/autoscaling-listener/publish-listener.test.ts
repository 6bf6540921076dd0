import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { PublishListenerInput } from '../../../src/activities/autoscaling-listener/publish-listener.ts';
import { publishListenerActivity } from '../../../src/activities/autoscaling-listener/publish-listener.ts';
import { SESSION_ID_ANNOTATION } from '../../../src/api/annotations.ts';
import { AUTOSCALING_LISTENER_FINALIZER } from '../../../src/api/finalizers.ts';
import { autoscalingListeners, events } from '../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

const key = { namespace: 'arc-system', name: 'demo-listener' };
const finalizers = ['of/others'];

let cluster: ClusterStandIn;
let uid: string;

beforeEach(() => {
  cluster = new ClusterStandIn();
  const { metadata } = cluster.put(autoscalingListeners, key.namespace, {
    metadata: { name: key.name, finalizers },
    spec: {},
  });
  uid = metadata.uid ?? '';
});

async function publish(input: Partial<PublishListenerInput>): Promise<void> {
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const activity = publishListenerActivity({ kubernetes: cluster.client });
  await environment.run(activity, {
    ...{ ...key, uid, generation: 2, events: [] },
    ...input,
  });
}

const listener = () => cluster.find(autoscalingListeners, key)!;
const ready = { ready: true, reason: 'Listening', message: 'm', sessionId: 'session-1' };

test('a listener that listens is ready, and its session stands where another worker finds it', async () => {
  await publish({ condition: ready });
  expect(listener()).toMatchObject({
    metadata: { annotations: { [SESSION_ID_ANNOTATION]: 'session-1' }, finalizers },
    status: {
      conditions: [
        { type: 'Ready', status: 'True', reason: 'Listening', observedGeneration: 2 },
        { type: 'TemplateUsed', status: 'True' },
        { type: 'Reconciling', status: 'False' },
        { type: 'Stalled', status: 'False' },
      ],
    },
  });
});

test('one that does not says why, and keeps the session that it had', async () => {
  await publish({ condition: ready });
  await publish({ condition: { ready: false, reason: 'SessionConflict', message: 'somebody else' } });
  expect(listener()).toMatchObject({
    metadata: { annotations: { [SESSION_ID_ANNOTATION]: 'session-1' } },
    status: {
      conditions: [{ status: 'False', reason: 'SessionConflict', message: 'somebody else' }, {}, {}, {}],
    },
  });
});

test('a session that is noted already is not written again, another one is', async () => {
  const written = () => cluster.writes.filter(({ verb }) => verb === 'patch').length;
  await publish({ condition: ready });
  expect(written()).toBe(2);
  await publish({ condition: ready });
  expect(written()).toBe(3);
  await publish({ condition: { ...ready, sessionId: 'session-2' } });
  expect(listener().metadata.annotations).toEqual({ [SESSION_ID_ANNOTATION]: 'session-2' });
});

test('the finalizer comes beside those of others, once', async () => {
  await publish({ addFinalizer: true });
  await publish({ addFinalizer: true });
  expect(listener().metadata.finalizers).toEqual([...finalizers, AUTOSCALING_LISTENER_FINALIZER]);
  expect(cluster.writes).toHaveLength(1);
});

test('a finalizer of somebody else that comes at the same moment is not lost: it is tried again', async () => {
  cluster.failNext({ verb: 'patch', resource: autoscalingListeners, status: 409, reason: 'Conflict' });
  await expect(publish({ addFinalizer: true })).rejects.toMatchObject({ nonRetryable: false });
  expect(listener().metadata.finalizers).toEqual(finalizers);
});

test('an Event or a status that is refused holds nothing up', async () => {
  const told = [{ type: 'Warning' as const, reason: 'SessionConflict', message: 'm' }];
  const refused = { status: 403, reason: 'Forbidden' };
  cluster.failNext({ verb: 'create', resource: events, ...refused });
  await publish({ condition: ready, addFinalizer: true, events: told });
  expect(listener()).toMatchObject({
    status: { conditions: [{ reason: 'Listening' }, { type: 'TemplateUsed' }, {}, {}] },
  });
  cluster.failNext({ verb: 'patch', resource: autoscalingListeners, ...refused });
  await publish({ condition: ready, events: told });
  expect(cluster.all(events, key.namespace)).toHaveLength(1);
});

test('it is read once, whatever is written', async () => {
  const { client } = cluster;
  let reads = 0;
  const get = client.get.bind(client);
  client.get = ((...args: Parameters<typeof get>) => ((reads += 1), get(...args))) as typeof client.get;
  await publish({ condition: ready, addFinalizer: true });
  expect(reads).toBe(1);
});

test('one of the same name that was made anew is left alone', async () => {
  await publish({ uid: 'another', condition: ready, addFinalizer: true });
  expect(cluster.writes).toEqual([]);
});

test('one that is gone needs nothing; Events about it are written all the same', async () => {
  await cluster.client.mergePatch(autoscalingListeners, key, { metadata: { finalizers: [] } });
  await cluster.client.delete(autoscalingListeners, key);
  const told = [{ type: 'Warning' as const, reason: 'SessionConflict', message: 'm' }];
  await publish({ condition: ready, addFinalizer: true, events: told });
  expect(cluster.all(events, key.namespace)).toMatchObject([
    { reason: 'SessionConflict', involvedObject: { kind: 'AutoscalingListener', name: key.name, uid } },
  ]);
});
