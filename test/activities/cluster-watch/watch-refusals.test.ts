import { jest } from '@jest/globals';
import type { WatchRefusal } from '../../../src/activities/cluster-watch/watch-refusals.ts';
import { WatchRefusals } from '../../../src/activities/cluster-watch/watch-refusals.ts';
import { KubernetesError } from '../../../src/kubernetes/client/errors.ts';
import { ephemeralRunners, events } from '../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

const runners = ephemeralRunners as never;
const refused = (status: number | undefined, verb = 'list') =>
  new KubernetesError({ verb, resource: 'ephemeralrunners' }, { message: 'no', status });

function aWatch(namespaces: string[] = []) {
  const cluster = new ClusterStandIn();
  const reports: WatchRefusal[][] = [];
  const ended = new AbortController();
  const refusals = new WatchRefusals({
    kubernetes: cluster.client,
    report: (all) => reports.push(all),
    namespaces,
    log: () => undefined,
    signal: ended.signal,
  });
  return { cluster, reports, refusals, ended };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

afterEach(() => jest.useRealTimers());

test.each([
  [
    403,
    'b',
    'Forbidden',
    /right to watch ephemeralrunners.actions.github.com in namespace b.*--watch-namespace/,
  ],
  [403, undefined, 'Forbidden', /in the cluster is missing.*service account\.$/],
  [404, 'b', 'CrdMissing', /does not know ephemeralrunners.actions.github.com.*CRDs/],
  [500, 'b', 'Refused', /cannot be read/],
] as const)('%i in %s is told as %s, with what is missing', (status, namespace, reason, words) => {
  const { refusals, reports } = aWatch();
  refusals.failed(runners, namespace, refused(status, 'watch'));
  expect(reports).toEqual([[expect.objectContaining({ namespace: namespace ?? '', reason })]]);
  expect(reports[0]?.[0]?.message).toMatch(words);
});

test.each([undefined, 429, 410])('%p is no refusal', (status) => {
  const { refusals, reports } = aWatch();
  refusals.failed(runners, 'b', refused(status));
  expect(reports).toEqual([]);
});

test('an Event is written once, in the namespace, or in the first other one that takes it', async () => {
  const { cluster, refusals } = aWatch(['systems', 'a']);
  for (const namespace of ['b', 'systems'])
    cluster.failNext({ verb: 'create', resource: events, namespace, status: 403, reason: 'Forbidden' });
  for (let i = 0; i < 3; i += 1) refusals.failed(runners, 'b', refused(403));
  await settled();
  expect(cluster.all(events)).toMatchObject([
    {
      metadata: { namespace: 'a' },
      involvedObject: { kind: 'Namespace', name: 'b' },
      reason: 'WatchForbidden',
    },
  ]);
});

test('it is over when the resource stays readable for a while, not with the first list', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
  const { refusals, reports, ended } = aWatch();
  refusals.failed(runners, 'b', refused(403, 'watch'));
  refusals.served(runners, 'b');
  refusals.failed(runners, 'b', refused(403, 'watch'));
  await settled();
  expect(reports).toHaveLength(1);
  ended.abort();
});
