import type { EphemeralRunnerSet } from '../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import { buildProxySecret } from '../../../src/kubernetes/objects/proxy-secret.ts';

const set = {
  metadata: {
    name: 'arc-runners',
    namespace: 'test-ns',
    uid: 'set-uid',
    labels: {
      team: 'blue',
      'actions.github.com/scale-set-name': 'arc-runners',
      'actions.github.com/scale-set-namespace': 'test-ns',
    },
  },
} as unknown as EphemeralRunnerSet;
const proxy = { httpProxy: '', httpsProxy: 'http://user:secret@proxy:3128', noProxy: 'a,b' };
const hashOf = (over: Partial<typeof proxy> = {}): string | undefined =>
  buildProxySecret({ set, proxy: { ...proxy, ...over } }).metadata?.annotations?.[
    'actions.github.com/integrity-hash'
  ];

describe('the Secret from which runners take their proxy', () => {
  it('has all three keys and is owned by the set', () => {
    const { metadata, data } = buildProxySecret({ set, proxy });
    expect(metadata).toMatchObject({
      name: 'arc-runners-574d8446-runner-proxy',
      namespace: 'test-ns',
      labels: {
        'actions.github.com/scale-set-name': 'arc-runners',
        'actions.github.com/scale-set-namespace': 'test-ns',
      },
      ownerReferences: [{ kind: 'EphemeralRunnerSet', name: 'arc-runners', controller: true }],
    });
    expect(metadata?.labels).not.toHaveProperty('team');
    const text = Object.entries(data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString(),
    ]);
    expect(Object.fromEntries(text)).toEqual({
      http_proxy: '',
      https_proxy: proxy.httpsProxy,
      no_proxy: 'a,b',
    });
  });

  it('says what it holds by a hash that follows its data', () => {
    expect(hashOf()).toBeTruthy();
    expect(hashOf()).toBe(hashOf({}));
    expect(hashOf({ httpsProxy: 'http://user:other@proxy:3128' })).not.toBe(hashOf());
  });
});
