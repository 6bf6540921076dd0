import type { EphemeralRunner } from '../../../src/api/v1alpha1/ephemeral-runner.ts';
import type { EphemeralRunnerSet } from '../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import { revisionOf } from '../../../src/api/revision.ts';
import {
  buildEphemeralRunner,
  buildJitSecret,
  buildRunnerPod,
} from '../../../src/kubernetes/objects/runner.ts';

type SetSpec = EphemeralRunnerSet['spec'];
type RunnerSpec = NonNullable<SetSpec['ephemeralRunnerSpec']>;

const template: unknown = { spec: { containers: [{ name: 'runner', image: 'i' }] } };
const runnerSpec = (more: object = {}): RunnerSpec => ({
  githubConfigUrl: 'https://github.com/o/r',
  githubConfigSecret: 's',
  runnerScaleSetId: 7,
  ...(template as Pick<RunnerSpec, 'metadata' | 'spec'>),
  ...more,
});
const runnerSet = (more: { metadata?: object; spec?: object; runner?: object } = {}): EphemeralRunnerSet =>
  ({
    apiVersion: 'actions.github.com/v1alpha1',
    kind: 'EphemeralRunnerSet',
    metadata: { name: 'arc-runners', namespace: 'test-ns', uid: 'set-uid', ...more.metadata },
    spec: { patchID: 3, replicas: 1, ephemeralRunnerSpec: runnerSpec(more.runner), ...more.spec },
  }) as unknown as EphemeralRunnerSet;
const runner = (more: { metadata?: object; spec?: object } = {}): EphemeralRunner =>
  ({
    apiVersion: 'actions.github.com/v1alpha1',
    kind: 'EphemeralRunner',
    metadata: { name: 'r1', namespace: 'test-ns', uid: 'runner-uid', ...more.metadata },
    spec: runnerSpec(more.spec),
  }) as unknown as EphemeralRunner;

describe('an EphemeralRunner', () => {
  it('has the set as its controller, both finalizers in order, and the spec as it is', () => {
    const built = buildEphemeralRunner({ set: runnerSet(), name: 'r1', patchId: 3 });
    expect(built).toEqual({
      apiVersion: 'actions.github.com/v1alpha1',
      kind: 'EphemeralRunner',
      metadata: {
        name: 'r1',
        namespace: 'test-ns',
        labels: { 'app.kubernetes.io/component': 'runner' },
        annotations: {
          'actions.github.com/patch-id': '3',
          'temporal-arc/revision': revisionOf(runnerSpec()),
        },
        finalizers: [
          'ephemeralrunner.actions.github.com/finalizer',
          'ephemeralrunner.actions.github.com/runner-registration-finalizer',
        ],
        ownerReferences: [
          {
            apiVersion: 'actions.github.com/v1alpha1',
            kind: 'EphemeralRunnerSet',
            name: 'arc-runners',
            uid: 'set-uid',
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: runnerSpec(),
    });
  });

  it("has the set's labels and annotations over those that the user gives", () => {
    const { metadata } = buildEphemeralRunner({
      set: runnerSet({
        metadata: {
          labels: { 'app.kubernetes.io/component': 'runner-set', a: 'set', 'argocd.io/x': '1' },
          annotations: {
            'actions.github.com/integrity-hash': 'h',
            'temporal-arc/paused': 'true',
            'kubectl.kubernetes.io/last-applied-configuration': '{}',
            b: 'set',
          },
        },
        spec: {
          ephemeralRunnerMetadata: {
            labels: { a: 'user', c: 'user', 'argocd.io/y': '1', 'app.kubernetes.io/component': 'mine' },
            annotations: { b: 'user', d: 'user', 'actions.github.com/patch-id': '99' },
          },
        },
      }),
      name: 'r1',
      patchId: 0,
      excludedLabelPrefixes: ['argocd.io/'],
    });
    expect(metadata.labels).toEqual({ 'app.kubernetes.io/component': 'runner', a: 'set', c: 'user' });
    expect(metadata.annotations).toEqual({
      'actions.github.com/integrity-hash': 'h',
      'actions.github.com/patch-id': '0',
      'temporal-arc/revision': revisionOf(runnerSpec()),
      b: 'set',
      d: 'user',
    });
  });

  it.each([{ labels: { a: 'b' } }, { annotations: { a: 'b' } }, {}])(
    'takes a block with one map only: %j',
    (block) => {
      const set = runnerSet({ spec: { ephemeralRunnerMetadata: block } });
      expect(buildEphemeralRunner({ set, name: 'r1', patchId: 1 }).metadata).toMatchObject(block);
    },
  );

  it("names the set's proxy Secret when there is a proxy, which does not change its revision", () => {
    const proxy = { https: { url: 'http://proxy' } };
    const built = buildEphemeralRunner({ set: runnerSet({ runner: { proxy } }), name: 'r1', patchId: 1 });
    expect(built.spec.proxySecretRef).toBe('arc-runners-574d8446-runner-proxy');
    expect(built.metadata.annotations?.['temporal-arc/revision']).toBe(revisionOf(built.spec));
  });

  it('is not made for a set without a spec for runners, or one that was not read', () => {
    const bare = runnerSet({ spec: { ephemeralRunnerSpec: undefined } });
    expect(() => buildEphemeralRunner({ set: bare, name: 'r1', patchId: 1 })).toThrow(
      'spec.ephemeralRunnerSpec',
    );
    const unread = runnerSet({ metadata: { uid: undefined } });
    expect(() => buildEphemeralRunner({ set: unread, name: 'r1', patchId: 1 })).toThrow('metadata.uid');
  });
});

describe('the Secret of a registration', () => {
  const jit = { encodedJITConfig: 'jit', runner: { id: 42, name: 'r1' } };

  it('holds it under the runner’s name', () => {
    const metadata = { labels: { a: 'b' }, annotations: { c: 'd' } };
    const owned = runner({ spec: { ephemeralRunnerConfigSecretMetadata: metadata } });
    const secret = buildJitSecret({ runner: owned, jit, scaleSetId: 7 });
    expect(secret.metadata).toMatchObject({ name: 'r1', namespace: 'test-ns', ...metadata });
    expect(secret.metadata?.ownerReferences).toEqual([
      expect.objectContaining({ kind: 'EphemeralRunner', name: 'r1', uid: 'runner-uid', controller: true }),
    ]);
    expect(secret.data).toEqual({
      jitToken: 'aml0',
      runnerName: 'cjE=',
      runnerId: 'NDI=',
      scaleSetId: 'Nw==',
    });
  });

  it('takes no label under an excluded prefix', () => {
    const labels = { 'argocd.argoproj.io/instance': 'x', tier: 'ci' };
    const owned = runner({ spec: { ephemeralRunnerConfigSecretMetadata: { labels } } });
    const excludedLabelPrefixes = ['argocd.argoproj.io/'];
    const secret = buildJitSecret({ runner: owned, jit, scaleSetId: 7, excludedLabelPrefixes });
    expect(secret.metadata?.labels).toEqual({ tier: 'ci' });
  });

  it.each([{ labels: { a: 'b' } }, { annotations: { a: 'b' } }])(
    'takes a block with one map only: %j',
    (block) => {
      const owned = runner({ spec: { ephemeralRunnerConfigSecretMetadata: block } });
      expect(buildJitSecret({ runner: owned, jit, scaleSetId: 7 }).metadata).toMatchObject(block);
    },
  );
});

describe('the pod of a runner', () => {
  const build = (more: Parameters<typeof runner>[0] = {}) =>
    buildRunnerPod({ runner: runner(more), version: '1.2.3' });
  const ours = [
    { name: 'ACTIONS_RUNNER_INPUT_JITCONFIG', valueFrom: { secretKeyRef: { name: 'r1', key: 'jitToken' } } },
    { name: 'GITHUB_ACTIONS_RUNNER_EXTRA_USER_AGENT', value: 'actions-runner-controller/1.2.3' },
    { name: 'ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE', value: '1' },
  ];

  it('puts the registration into the container named runner, after the user’s environment, and nowhere else', () => {
    const containers = [
      { name: 'runner', env: [{ name: 'MINE', value: '1' }] },
      { name: 'runner-2', env: [{ name: 'MINE', value: '2' }] },
      { name: 'dind' },
    ];
    const initContainers = [{ name: 'init', restartPolicy: 'Always' }];
    const volumes = [{ name: 'work', emptyDir: {} }];
    const spec = {
      containers,
      initContainers,
      volumes,
      restartPolicy: 'OnFailure',
      serviceAccountName: 'sa',
    };
    expect(build({ spec: { spec } }).spec).toEqual({
      ...spec,
      restartPolicy: 'Never',
      containers: [
        { name: 'runner', env: [{ name: 'MINE', value: '1' }, ...ours] },
        containers[1],
        containers[2],
      ],
    });
  });

  it('is never restarted, unless the template says so', () => {
    expect(build().spec?.restartPolicy).toBe('Never');
  });

  it('leaves its template as it was', () => {
    const given = runner();
    const before = structuredClone(given);
    buildRunnerPod({ runner: given, version: 'v' });
    expect(given).toEqual(before);
  });

  it('runs without a container named runner', () => {
    const containers = [{ name: 'other' }];
    expect(build({ spec: { spec: { containers } } }).spec?.containers).toEqual(containers);
  });

  it('has labels and annotations of runner and template, where the template wins, and two labels of its own', () => {
    const { metadata } = build({
      metadata: {
        labels: { a: 'runner', b: 'runner', 'actions-ephemeral-runner': 'no' },
        annotations: { c: 'runner', d: 'runner', 'temporal-arc/revision': 'rev' },
      },
      spec: { metadata: { labels: { b: 'template' }, annotations: { d: 'template' } } },
    });
    expect(metadata).toMatchObject({
      name: 'r1',
      namespace: 'test-ns',
      labels: { a: 'runner', b: 'template', 'actions-ephemeral-runner': 'True', 'pod-template-hash': 'rev' },
      annotations: { c: 'runner', d: 'template', 'temporal-arc/revision': 'rev' },
    });
    expect(metadata?.ownerReferences).toEqual([
      {
        apiVersion: 'actions.github.com/v1alpha1',
        kind: 'EphemeralRunner',
        name: 'r1',
        uid: 'runner-uid',
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
  });

  const proxyVariables = (proxy: object | undefined, proxySecretRef: string | undefined = 'p') =>
    build({ spec: { proxy, proxySecretRef } }).spec?.containers[0]?.env?.slice(ours.length);
  const variable = (name: string) => ({ name, valueFrom: { secretKeyRef: { name: 'p', key: name } } });

  it.each<[string, object, string[]]>([
    [
      'all',
      { http: { url: 'h' }, https: { url: 's' }, noProxy: ['n'] },
      ['http_proxy', 'https_proxy', 'no_proxy'],
    ],
    ['http', { http: { url: 'h' } }, ['http_proxy']],
    ['https', { https: { url: 's' } }, ['https_proxy']],
    ['exceptions', { noProxy: ['n'] }, ['no_proxy']],
    ['no exceptions', { noProxy: [] }, []],
  ])('has the parts of the proxy that are set: %s', (_, proxy, names) => {
    expect(proxyVariables(proxy)).toEqual(names.map(variable));
  });

  it('has no proxy without its Secret', () => {
    const built = buildRunnerPod({
      runner: runner({ spec: { proxy: { http: { url: 'h' } } } }),
      version: '1.2.3',
    });
    expect(built.spec?.containers[0]?.env).toEqual(ours);
  });
});
