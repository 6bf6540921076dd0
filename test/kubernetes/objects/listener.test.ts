import type {
  AutoscalingListener,
  AutoscalingListenerSpec,
} from '../../../src/api/v1alpha1/autoscaling-listener.ts';
import {
  buildListenerConfigSecret,
  buildListenerPod,
  buildListenerProxySecret,
  buildListenerRole,
  buildListenerRoleBinding,
  buildListenerServiceAccount,
} from '../../../src/kubernetes/objects/listener.ts';
import type { Pod } from '../../../src/kubernetes/client/resources.ts';

const aListener = (spec: Partial<AutoscalingListenerSpec> = {}): AutoscalingListener => ({
  apiVersion: 'actions.github.com/v1alpha1',
  kind: 'AutoscalingListener',
  metadata: {
    name: 'demo-754b578d-listener',
    namespace: 'arc-system',
    uid: 'uid-1',
    labels: { team: 'blue', 'app.kubernetes.io/component': 'runner-scale-set-listener' },
  },
  spec: {
    githubConfigUrl: 'https://github.com/octo/app',
    githubConfigSecret: 'github',
    runnerScaleSetId: 7,
    autoscalingRunnerSetNamespace: 'arc-runners',
    autoscalingRunnerSetName: 'demo',
    ephemeralRunnerSetName: 'demo',
    image: 'listener:1',
    ...spec,
  },
});

const OPTIONS = {
  image: 'worker:1',
  command: ['/ghalistener'],
  environment: {
    env: [{ name: 'TEMPORAL_ADDRESS', value: 'temporal:7233' }],
    volumes: [{ name: 'worker-tls', secret: { secretName: 'temporal-tls' } }],
    volumeMounts: [{ name: 'worker-tls', mountPath: '/tls', readOnly: true }],
  },
  metricsAddress: ':8080',
};

const podOf = (spec: Partial<AutoscalingListenerSpec> = {}): Pod =>
  buildListenerPod(aListener(spec), OPTIONS, ['h']);

const OWNED = [
  {
    apiVersion: 'actions.github.com/v1alpha1',
    kind: 'AutoscalingListener',
    name: 'demo-754b578d-listener',
    uid: 'uid-1',
    controller: true,
    blockOwnerDeletion: true,
  },
];

describe('the pod', () => {
  test('runs the container listener with its configuration', () => {
    const { metadata, spec } = podOf();
    expect(metadata).toMatchObject({
      name: 'demo-754b578d-listener',
      namespace: 'arc-system',
      labels: { team: 'blue' },
      ownerReferences: OWNED,
    });
    expect(spec).toEqual({
      containers: [
        {
          name: 'listener',
          image: 'listener:1',
          command: ['/ghalistener'],
          env: [
            { name: 'LISTENER_CONFIG_PATH', value: '/etc/gha-listener/config.json' },
            { name: 'TEMPORAL_ARC_LISTENER', value: 'arc-system/demo-754b578d-listener' },
            { name: 'TEMPORAL_ADDRESS', value: 'temporal:7233' },
          ],
          ports: [{ name: 'metrics', containerPort: 8080, protocol: 'TCP' }],
          volumeMounts: [
            { name: 'listener-config', mountPath: '/etc/gha-listener', readOnly: true },
            { name: 'worker-tls', mountPath: '/tls', readOnly: true },
          ],
        },
      ],
      serviceAccountName: 'demo-754b578d-listener',
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 60,
      volumes: [
        { name: 'listener-config', secret: { secretName: 'demo-754b578d-listener-config' } },
        { name: 'worker-tls', secret: { secretName: 'temporal-tls' } },
      ],
    });
  });

  test('takes its image from the options when the listener names none', () => {
    expect(podOf({ image: '' }).spec?.containers[0]?.image).toBe('worker:1');
  });

  test('is pulled with the secrets of the listener', () => {
    expect(podOf({ imagePullSecrets: [{ name: 'registry' }] }).spec?.imagePullSecrets).toEqual([
      { name: 'registry' },
    ]);
  });

  test('takes the proxy from its Secret, each part only if it is set', () => {
    const { spec } = podOf({ proxy: { https: { url: 'http://proxy:3128' }, noProxy: ['10.0.0.0/8'] } });
    const ref = (key: string) => ({ secretKeyRef: { name: 'demo-754b578d-listener-proxy', key } });
    expect(spec?.containers[0]?.env?.slice(3)).toEqual([
      { name: 'https_proxy', valueFrom: ref('https_proxy') },
      { name: 'no_proxy', valueFrom: ref('no_proxy') },
    ]);
  });

  const hashOf = (pod: Pod) => pod.metadata?.annotations?.['actions.github.com/integrity-hash'];

  test('says what it was made from', () => {
    expect(hashOf(podOf())).toBe(hashOf(podOf()));
    expect(hashOf(podOf({ maxRunners: 3 }))).not.toBe(hashOf(podOf()));
    expect(hashOf(buildListenerPod(aListener(), OPTIONS, ['other']))).not.toBe(hashOf(podOf()));
  });
});

describe('the template', () => {
  const withSpec = (spec: object): Pod =>
    podOf({ template: { spec } as AutoscalingListenerSpec['template'] });

  test.each([
    ['no template: linux', undefined, { 'kubernetes.io/os': 'linux' }],
    ['no selector in it: linux', {}, { 'kubernetes.io/os': 'linux' }],
    ['a selector replaces ours', { nodeSelector: { disk: 'ssd' } }, { disk: 'ssd' }],
    ['an empty one clears it', { nodeSelector: {} }, {}],
  ])('node selector, %s', (_what, part, expected) => {
    const pod = part ? withSpec({ containers: [], ...part }) : podOf();
    expect(pod.spec?.nodeSelector).toEqual(expected);
  });

  test('metadata only fills what is missing', () => {
    const pod = podOf({
      template: { metadata: { labels: { team: 'red', tier: 'ci' }, annotations: { note: 'x' } } },
    });
    expect(pod.metadata?.labels).toMatchObject({ team: 'blue', tier: 'ci' });
    expect(pod.metadata?.annotations).toMatchObject({ note: 'x' });
  });

  test('of the container listener, image and command stay ours and lists are added to', () => {
    const container = {
      name: 'listener',
      image: 'mine:1',
      args: ['--x'],
      env: [{ name: 'A', value: '1' }],
      volumeMounts: [{ name: 'tls', mountPath: '/tls' }],
      resources: { limits: { cpu: '1' } },
      imagePullPolicy: 'Always',
    };
    const [ours] = podOf().spec!.containers;
    const [merged] = withSpec({ containers: [container] }).spec!.containers;
    expect(merged).toMatchObject({
      image: ours!.image,
      command: ours!.command,
      args: ['--x'],
      env: [...ours!.env!, ...container.env],
      volumeMounts: [...ours!.volumeMounts!, ...container.volumeMounts],
      resources: container.resources,
      imagePullPolicy: 'Always',
    });
  });

  test.each([['/own'], []])('no command of a template takes the place of ours: %j', (...command) => {
    const [container] = withSpec({ containers: [{ name: 'listener', command }] }).spec!.containers;
    expect(container!.command).toEqual(['/ghalistener']);
  });

  test('further containers stand beside, volumes are added, the service account stays', () => {
    const volume = { name: 'tls', secret: { secretName: 'tls' } };
    const { spec } = withSpec({
      containers: [{ name: 'side', image: 'side:1' }],
      volumes: [volume],
      serviceAccountName: 'other',
      priorityClassName: 'high',
    });
    expect(spec?.containers.map(({ name }) => name)).toEqual(['listener', 'side']);
    expect(spec?.volumes?.map(({ name }) => name)).toEqual(['listener-config', 'worker-tls', 'tls']);
    expect(spec).toMatchObject({ serviceAccountName: 'demo-754b578d-listener', priorityClassName: 'high' });
  });

  test('what it does not mention stays ours', () => {
    expect(withSpec({ containers: [] }).spec).toMatchObject({
      terminationGracePeriodSeconds: 60,
      restartPolicy: 'Never',
    });
  });
});

test('the role allows the order for replicas and notes on runners, no more', () => {
  const { metadata, rules } = buildListenerRole(aListener());
  expect(metadata).toMatchObject({
    name: 'demo-754b578d-listener',
    namespace: 'arc-runners',
    labels: {
      'auto-scaling-listener-name': 'demo-754b578d-listener',
      'auto-scaling-listener-namespace': 'arc-system',
      'actions.github.com/scale-set-name': 'demo',
      'actions.github.com/scale-set-namespace': 'arc-runners',
    },
  });
  expect(metadata).not.toHaveProperty('ownerReferences');
  expect(rules).toEqual([
    {
      apiGroups: ['actions.github.com'],
      resources: ['ephemeralrunnersets'],
      resourceNames: ['demo'],
      verbs: ['patch'],
    },
    {
      apiGroups: ['actions.github.com'],
      resources: ['ephemeralrunners/status'],
      verbs: ['patch'],
    },
  ]);
});

test('the role is bound to the service account of the pod', () => {
  const { roleRef, subjects, metadata } = buildListenerRoleBinding(aListener());
  expect(metadata?.namespace).toBe('arc-runners');
  expect(roleRef).toMatchObject({ kind: 'Role', name: 'demo-754b578d-listener' });
  expect(subjects).toEqual([
    { kind: 'ServiceAccount', name: 'demo-754b578d-listener', namespace: 'arc-system' },
  ]);
});

test('the service account is owned by the listener and carries what the user asked for', () => {
  const { metadata } = buildListenerServiceAccount(
    aListener({
      serviceAccountMetadata: { annotations: { role: 'arn' }, labels: { team: 'red', tier: 'ci' } },
    }),
  );
  expect(metadata).toMatchObject({
    ownerReferences: OWNED,
    annotations: { role: 'arn' },
    namespace: 'arc-system',
  });
  expect(metadata?.labels).toMatchObject({ team: 'blue', tier: 'ci' });
});

test('the configuration is one key of a Secret with metadata of its own only', () => {
  const secret = buildListenerConfigSecret(
    aListener({ configSecretMetadata: { labels: { a: 'b' } } }),
    '{}\n',
  );
  expect(secret.metadata?.labels).toEqual({ a: 'b' });
  expect(secret.data).toEqual({ 'config.json': Buffer.from('{}\n').toString('base64') });
});

test('labels under an excluded prefix are taken neither from a metadata block nor from the listener', () => {
  const given = { labels: { 'argocd.argoproj.io/instance': 'x', tier: 'ci' } };
  const listener = aListener({
    serviceAccountMetadata: given,
    roleMetadata: given,
    roleBindingMetadata: given,
    configSecretMetadata: given,
  });
  listener.metadata.labels = { ...listener.metadata.labels, 'argocd.argoproj.io/app': 'y' };
  const excluded = ['argocd.argoproj.io/'];
  for (const { metadata } of [
    buildListenerServiceAccount(listener, excluded),
    buildListenerRole(listener, excluded),
    buildListenerRoleBinding(listener, excluded),
    buildListenerConfigSecret(listener, '{}', excluded),
  ]) {
    expect(metadata?.labels).toMatchObject({ tier: 'ci' });
    expect(Object.keys(metadata?.labels ?? {}).filter((key) => key.startsWith('argocd'))).toEqual([]);
  }
  expect(buildListenerRole(listener).metadata?.labels).toMatchObject(given.labels);
});

test('the proxy Secret has all three keys', () => {
  const secret = buildListenerProxySecret(aListener(), {
    httpProxy: '',
    httpsProxy: 'http://p',
    noProxy: '',
  });
  expect(Object.keys(secret.data ?? {})).toEqual(['http_proxy', 'https_proxy', 'no_proxy']);
});
