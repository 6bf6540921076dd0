import { KubernetesError } from '../../src/kubernetes/client/errors.ts';
import { identityOf } from '../../src/workers/cluster-identity.ts';

test('who may not see kube-system has the certificates alone; another failure is one', async () => {
  const pem = (text: string) =>
    `-----BEGIN CERTIFICATE-----\n${Buffer.from(text).toString('base64')}\n-----END CERTIFICATE-----\n`;
  const kubernetes = (status: number) => ({
    get: () =>
      Promise.reject(new KubernetesError({ verb: 'get', resource: 'namespaces' }, { message: 'no', status })),
    authorities: () => Promise.resolve(`${pem('old')}${pem('new')}`),
  });
  const { uid, authorities } = await identityOf(kubernetes(403));
  expect(uid).toBeUndefined();
  expect(authorities).toEqual([
    expect.stringMatching(/^[0-9a-f]{16}$/),
    expect.stringMatching(/^[0-9a-f]{16}$/),
  ]);
  await expect(identityOf(kubernetes(500))).rejects.toThrow('no');
});
