import { createSharedReads } from '../../src/activities/cache.ts';
import { secrets } from '../../src/kubernetes/client/resources.ts';

const key = { namespace: 'n', name: 's' };

function counting() {
  let now = 0;
  let requests = 0;
  const get = () => Promise.resolve({ metadata: { resourceVersion: String((requests += 1)) } });
  const reads = createSharedReads({ get: get as never }, () => now);
  const version = async (of = key): Promise<string | undefined> =>
    (await reads.get(secrets, of)).metadata?.resourceVersion;
  return { version, after: (ms: number) => (now += ms), requests: () => requests };
}

test('who reads at the same moment shares a request', async () => {
  const { version, requests } = counting();
  expect(await Promise.all([version(), version(), version()])).toEqual(['1', '1', '1']);
  expect(await version({ ...key, name: 'other' })).toBe('2');
  expect(requests()).toBe(2);
});

test('an answer lasts a tenth of a second', async () => {
  const { version, after } = counting();
  expect(await version()).toBe('1');
  after(99);
  expect(await version()).toBe('1');
  after(1);
  expect(await version()).toBe('2');
});
