import { resolveProxy } from '../../../src/activities/github-access/proxy.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client/client.ts';
import { KubernetesError } from '../../../src/kubernetes/client/errors.ts';

/** Secrets by name, their data as text. */
const holding = (secrets: Record<string, Record<string, string>>): Pick<KubernetesClient, 'get'> => ({
  get: (_resource, { name }) => {
    const data = secrets[name];
    if (!data)
      return Promise.reject(
        new KubernetesError(
          { verb: 'get', resource: 'secrets' },
          { message: 'none', status: 404, reason: 'NotFound' },
        ),
      );
    const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
    return Promise.resolve({ data: Object.fromEntries(encoded) } as never);
  },
});

const https = { url: 'http://proxy.example:3128', credentialSecretRef: 'proxy' };

describe("a spec's proxy", () => {
  it('is its URLs with the credentials of its Secret, whatever signs they have', async () => {
    const kubernetes = holding({ proxy: { username: 'a@b', password: 'p:/?#[]@%\n' } });
    const resolved = await resolveProxy(kubernetes, 'arc', {
      https,
      http: { url: 'https://plain.example' },
      noProxy: ['10.0.0.0/8', '.internal'],
    });
    expect(resolved).toEqual({
      httpsProxy: `http://a%40b:${encodeURIComponent('p:/?#[]@%')}@proxy.example:3128`,
      httpProxy: 'https://plain.example',
      noProxy: '10.0.0.0/8,.internal',
    });
    expect(decodeURIComponent(new URL(resolved.httpsProxy).password)).toBe('p:/?#[]@%');
  });

  it.each([
    ['is missing', {}, 'ProxyCredentialsNotFound'],
    ['has no username', { proxy: { password: 'x' } }, 'ProxyCredentialsNotFound'],
  ])('whose Secret %s is told of by its field', async (_, secrets, reason) => {
    const refused = resolveProxy(holding(secrets), 'arc', {
      https,
    });
    await expect(refused).rejects.toMatchObject({
      reason,
      message: expect.stringMatching(/^proxy\.https\.credentialSecretRef: .*"proxy"/) as string,
    });
  });

  it('needs a URL to put credentials into', async () => {
    const kubernetes = holding({ proxy: { username: 'a', password: 'b' } });
    const refused = resolveProxy(kubernetes, 'arc', { http: { ...https, url: 'nowhere' } });
    await expect(refused).rejects.toMatchObject({ reason: 'InvalidProxy' });
  });
});
