import { createCache, createSharedReads, fingerprint } from '../../src/activities/cache.ts';
import { secrets } from '../../src/kubernetes/client/resources.ts';

let now = 0;
let made = 0;

beforeEach(() => {
  now = 0;
  made = 0;
});

const make = (): Promise<number> => Promise.resolve((made += 1));
const fail = (): Promise<number> => Promise.reject(new Error('no'));

it('what was made is remembered for its time, by its key', async () => {
  const kept = createCache<number>(1_000, () => now);
  expect(await Promise.all([kept.get('a', make), kept.get('a', make), kept.get('b', make)])).toEqual([
    1, 1, 2,
  ]);
  now = 999;
  expect(await kept.get('a', make)).toBe(1);
  now = 1_000;
  expect(await kept.get('a', make)).toBe(3);
});

it('what failed is made again', async () => {
  const kept = createCache<number>(1_000, () => now);
  const both = await Promise.allSettled([kept.get('a', fail), kept.get('a', make)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await kept.get('a', make)).toBe(1);
});

it('a failure that comes late does not take what was made since', async () => {
  const kept = createCache<number>(1_000, () => now);
  const late = Promise.withResolvers<number>();
  const first = kept.get('a', () => late.promise);
  now = 2_000;
  expect(await kept.get('a', make)).toBe(1);
  late.reject(new Error('late'));
  await expect(first).rejects.toThrow('late');
  expect(await kept.get('a', make)).toBe(1);
});

it('a fingerprint tells apart what differs, and holds nothing of it', () => {
  expect(fingerprint('a', { b: 'secret' })).toBe(fingerprint('a', { b: 'secret' }));
  expect(fingerprint('a', 'bc')).not.toBe(fingerprint('ab', 'c'));
  expect(fingerprint('secret')).not.toContain('secret');
});

describe('reads that are shared', () => {
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

  it('who reads at the same moment shares a request', async () => {
    const { version, requests } = counting();
    expect(await Promise.all([version(), version(), version()])).toEqual(['1', '1', '1']);
    expect(await version({ ...key, name: 'other' })).toBe('2');
    expect(requests()).toBe(2);
  });

  it('an answer lasts a tenth of a second', async () => {
    const { version, after } = counting();
    expect(await version()).toBe('1');
    after(99);
    expect(await version()).toBe('1');
    after(1);
    expect(await version()).toBe('2');
  });
});
