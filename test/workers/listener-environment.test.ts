import { hostname } from 'node:os';
import { KubernetesError } from '../../src/kubernetes/client/errors.ts';
import type { Pod } from '../../src/kubernetes/client/resources.ts';
import { listenerEnvironment, ownPod } from '../../src/workers/listener-environment.ts';

type Container = NonNullable<Pod['spec']>['containers'][number];

/** The pod of a worker, with a side car before it. */
const podWith = (manager: Partial<Container>, volumes: NonNullable<Pod['spec']>['volumes'] = []): Pod => ({
  metadata: { name: 'arc-1' },
  spec: {
    containers: [
      {
        name: 'mesh',
        env: [{ name: 'TEMPORAL_API_KEY', valueFrom: { secretKeyRef: { name: 'not', key: 'it' } } }],
      },
      {
        name: 'manager',
        ...manager,
        env: [{ name: 'CONTROLLER_MANAGER_POD_NAMESPACE', value: 'arc-systems' }, ...(manager.env ?? [])],
      },
    ],
    volumes,
  },
});

const fromSecret = (name: string, key: string) => ({
  name,
  valueFrom: { secretKeyRef: { name: 'temporal', key } },
});

const nothing = { env: [], volumes: [], volumeMounts: [], missing: [] };

test('secrets are handed on as references, and never as values', () => {
  const own = podWith({
    env: [
      fromSecret('TEMPORAL_API_KEY', 'api-key'),
      fromSecret('TEMPORAL_TLS_CLIENT_KEY_DATA', 'tls.key'),
      fromSecret('TEMPORAL_TLS_CLIENT_CERT_DATA', 'tls.crt'),
      { name: 'TEMPORAL_GRPC_META_AUTHORIZATION', value: 'Bearer s3cret' },
    ],
  });
  const variables = {
    TEMPORAL_API_KEY: 's3cret',
    TEMPORAL_TLS_CLIENT_KEY_DATA: 's3cret',
    TEMPORAL_TLS_CLIENT_CERT_DATA: 'PEM',
    TEMPORAL_GRPC_META_AUTHORIZATION: 'Bearer s3cret',
  };
  const handedOn = listenerEnvironment(variables, own);
  expect(handedOn).toEqual({
    ...nothing,
    env: [
      fromSecret('TEMPORAL_API_KEY', 'api-key'),
      fromSecret('TEMPORAL_TLS_CLIENT_CERT_DATA', 'tls.crt'),
      fromSecret('TEMPORAL_TLS_CLIENT_KEY_DATA', 'tls.key'),
    ],
    missing: ['TEMPORAL_GRPC_META_AUTHORIZATION'],
  });
  expect(JSON.stringify(handedOn)).not.toContain('s3cret');
});

test('a Secret that is taken whole is one too, if it is the only one', () => {
  const variables = { TEMPORAL_API_KEY: 's3cret' };
  const whole = { prefix: 'TEMPORAL_', secretRef: { name: 'temporal' } };
  expect(
    listenerEnvironment(variables, podWith({ envFrom: [{ configMapRef: { name: 'x' } }, whole] })),
  ).toEqual({
    ...nothing,
    env: [fromSecret('TEMPORAL_API_KEY', 'API_KEY')],
  });
  const two = podWith({ envFrom: [whole, { secretRef: { name: 'other' } }] });
  expect(listenerEnvironment(variables, two)).toEqual({ ...nothing, missing: ['TEMPORAL_API_KEY'] });
});

test('what is not secret is handed on as it is; what belongs to somebody else is not', () => {
  const variables = {
    TEMPORAL_TLS: 'true',
    TEMPORAL_TLS_SERVER_NAME: 'temporal.example',
    TEMPORAL_TLS_SERVER_CA_CERT_DATA: 'PEM',
    TEMPORAL_PROFILE: '',
    TEMPORAL_ADDRESS: 'said otherwise',
    TEMPORAL_FRONTEND_PORT_7233_TCP: 'tcp://10.0.0.1:7233',
    TEMPORAL_SERVICE_HOST: '10.0.0.1',
    TEMPORAL_ARC_LISTENER_MODE: 'pod',
    GITHUB_TOKEN: 's3cret',
  };
  expect(listenerEnvironment(variables, undefined)).toEqual({
    ...nothing,
    env: [
      { name: 'TEMPORAL_TLS', value: 'true' },
      { name: 'TEMPORAL_TLS_SERVER_CA_CERT_DATA', value: 'PEM' },
      { name: 'TEMPORAL_TLS_SERVER_NAME', value: 'temporal.example' },
    ],
  });
});

test('files are handed on with the volume that they are in', () => {
  const own = podWith(
    {
      volumeMounts: [
        { name: 'etc', mountPath: '/etc/temporal' },
        { name: 'tls', mountPath: '/etc/temporal/tls/', subPath: 'x' },
        { name: 'host', mountPath: '/host' },
      ],
    },
    [
      { name: 'etc', configMap: { name: 'temporal' } },
      { name: 'tls', secret: { secretName: 'temporal-tls' } },
      { name: 'host', hostPath: { path: '/' } },
    ],
  );
  const variables = {
    TEMPORAL_CONFIG_FILE: '/etc/temporal/temporal.toml',
    TEMPORAL_TLS_CLIENT_CERT_PATH: '/etc/temporal/tls/tls.crt',
    TEMPORAL_TLS_CLIENT_KEY_PATH: '/etc/temporal/tls/tls.key',
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/host/ca.crt',
  };
  expect(listenerEnvironment(variables, own)).toEqual({
    env: [
      { name: 'TEMPORAL_CONFIG_FILE', value: '/etc/temporal/temporal.toml' },
      { name: 'TEMPORAL_TLS_CLIENT_CERT_PATH', value: '/etc/temporal/tls/tls.crt' },
      { name: 'TEMPORAL_TLS_CLIENT_KEY_PATH', value: '/etc/temporal/tls/tls.key' },
    ],
    volumes: [
      { name: 'worker-etc', configMap: { name: 'temporal' } },
      { name: 'worker-tls', secret: { secretName: 'temporal-tls' } },
    ],
    volumeMounts: [
      { name: 'worker-etc', mountPath: '/etc/temporal', readOnly: true },
      { name: 'worker-tls', mountPath: '/etc/temporal/tls/', subPath: 'x', readOnly: true },
    ],
    missing: ['TEMPORAL_TLS_SERVER_CA_CERT_PATH'],
  });
});

test('the own pod is called as the host is; where there is none, or it may not be read, there is none', async () => {
  const asked: unknown[] = [];
  const answering = (answer: () => Promise<Pod>) => ({
    get: ((_resource: unknown, key: unknown) => {
      asked.push(key);
      return answer();
    }) as never,
  });
  const subject = { verb: 'get', resource: 'pods' };
  const forbidden = new KubernetesError(subject, { message: 'no', status: 403, reason: 'Forbidden' });
  const pod = podWith({});
  expect(
    await ownPod(
      answering(() => Promise.resolve(pod)),
      'arc-systems',
    ),
  ).toBe(pod);
  expect(
    await ownPod(
      answering(() => Promise.reject(forbidden)),
      'arc-systems',
    ),
  ).toBeUndefined();
  expect(
    await ownPod(
      answering(() => Promise.resolve(pod)),
      undefined,
    ),
  ).toBeUndefined();
  expect(asked).toEqual([
    { namespace: 'arc-systems', name: hostname() },
    { namespace: 'arc-systems', name: hostname() },
  ]);
  await expect(
    ownPod(
      answering(() => Promise.reject(new Error('a bug'))),
      'x',
    ),
  ).rejects.toThrow('a bug');
});
