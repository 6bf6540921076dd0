import type { AutoscalingRunnerSet } from '../../../src/api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunnerSet } from '../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import { revisionOf } from '../../../src/api/revision.ts';
import { INTEGRITY_HASH_ANNOTATION, LISTENER_MODE_ANNOTATION } from '../../../src/api/annotations.ts';
import {
  buildListener,
  buildRunnerSet,
  currentOf,
  NO_LIMIT,
  scaleSetIdOf,
  urlLabels,
} from '../../../src/kubernetes/objects/scale-set.ts';

const scope = { enterprise: '', organization: 'octo', repository: 'app' };

type Over = Partial<AutoscalingRunnerSet['spec']> & { metadata?: object };

const aScaleSet = ({ metadata, ...spec }: Over = {}): AutoscalingRunnerSet =>
  ({
    metadata: {
      name: 'demo',
      namespace: 'arc-runners',
      uid: 'uid-1',
      labels: { team: 'a', 'app.kubernetes.io/version': '0.14.2', 'app.kubernetes.io/part-of': 'gha-rs' },
      annotations: {
        'runner-scale-set-id': '7',
        'actions.github.com/runner-group-name': 'Default',
        'actions.github.com/runner-scale-set-name': 'demo',
        'actions.github.com/values-hash': 'not handed down',
      },
      ...metadata,
    },
    spec: {
      githubConfigUrl: 'https://github.com/octo/app',
      githubConfigSecret: 'github',
      template: {
        metadata: { labels: { pod: 'yes' } },
        spec: { containers: [{ name: 'runner', image: 'r' }] },
      },
      ...spec,
    },
  }) as unknown as AutoscalingRunnerSet;

const runnerSetOf = (over: Over = {}, excludedLabelPrefixes: string[] = []) =>
  buildRunnerSet({ autoscalingRunnerSet: aScaleSet(over), scope, excludedLabelPrefixes });
const listenerOf = (over: Over = {}, rest: Partial<Parameters<typeof buildListener>[0]> = {}) =>
  buildListener({
    autoscalingRunnerSet: aScaleSet(over),
    scope,
    runnerSet: 'demo',
    listenerPullSecrets: [],
    ...rest,
  });

describe('the EphemeralRunnerSet', () => {
  test('has the name, namespace and ownership that ARC gives it, and wants no runner', () => {
    expect(runnerSetOf()).toMatchObject({
      metadata: {
        name: 'demo',
        namespace: 'arc-runners',
        finalizers: ['ephemeralrunnerset.actions.github.com/finalizer'],
        ownerReferences: [
          {
            apiVersion: 'actions.github.com/v1alpha1',
            kind: 'AutoscalingRunnerSet',
            name: 'demo',
            uid: 'uid-1',
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: { replicas: 0, patchID: 0 },
    });
  });

  test('takes its runners from the template', () => {
    expect(runnerSetOf({ proxy: { noProxy: ['x'] } }).spec.ephemeralRunnerSpec).toEqual({
      githubConfigUrl: 'https://github.com/octo/app',
      githubConfigSecret: 'github',
      runnerScaleSetId: 7,
      proxy: { noProxy: ['x'] },
      metadata: { labels: { pod: 'yes' } },
      spec: { containers: [{ name: 'runner', image: 'r' }] },
    });
  });

  test('hands on which certificate GitHub has', () => {
    const githubServerTLS = { certificateFrom: { configMapKeyRef: { name: 'ca', key: 'ca.crt' } } };
    expect(runnerSetOf({ githubServerTLS }).spec.ephemeralRunnerSpec).toMatchObject({ githubServerTLS });
    expect(listenerOf({ githubServerTLS }).spec).toMatchObject({ githubServerTLS });
  });

  test('is of the same revision as the one that ARC made: nothing empty counts', () => {
    const spec = runnerSetOf().spec.ephemeralRunnerSpec!;
    const asArcWritesIt = {
      ...spec,
      metadata: { ...spec.metadata, creationTimestamp: null },
      spec: { containers: [{ name: 'runner', image: 'r', resources: {} }] },
    };
    expect(revisionOf(asArcWritesIt as never)).toBe(revisionOf(spec));
  });

  test('has labels of its owner, of the URL and computed ones; annotations only of those that mean it', () => {
    const { labels, annotations } = runnerSetOf().metadata;
    expect(labels).toEqual({
      team: 'a',
      'app.kubernetes.io/version': '0.14.2',
      'app.kubernetes.io/part-of': 'gha-runner-scale-set',
      'app.kubernetes.io/component': 'runner-set',
      'actions.github.com/scale-set-name': 'demo',
      'actions.github.com/scale-set-namespace': 'arc-runners',
      'actions.github.com/organization': 'octo',
      'actions.github.com/repository': 'app',
    });
    expect(Object.keys(annotations ?? {}).sort()).toEqual([
      'actions.github.com/integrity-hash',
      'actions.github.com/runner-group-name',
      'actions.github.com/runner-scale-set-name',
      'temporal-arc/given-labels',
    ]);
  });

  test.each<[string, Over, string[], object]>([
    [
      'a block adds, and never overrides',
      { ephemeralRunnerSetMetadata: { labels: { mine: '1', team: 'b' } } },
      [],
      { mine: '1', team: 'a' },
    ],
    [
      'a block without annotations is fine',
      { ephemeralRunnerSetMetadata: { labels: { mine: '1' } } },
      [],
      { mine: '1' },
    ],
    ['excluded prefixes do not go down', {}, ['te'], { team: undefined }],
  ])('metadata: %s', (_what, over, excluded, expected) => {
    const { labels = {} } = runnerSetOf(over, excluded).metadata;
    for (const [key, value] of Object.entries(expected)) expect(labels[key]).toBe(value);
  });

  test('its hash follows the template and nothing else', () => {
    const hash = (over: Over) => runnerSetOf(over).metadata.annotations?.[INTEGRITY_HASH_ANNOTATION];
    expect(hash({ minRunners: 3, ephemeralRunnerMetadata: { labels: { a: 'b' } } })).toBe(hash({}));
    expect(hash({ githubConfigSecret: 'other' })).not.toBe(hash({}));
  });
});

describe('the AutoscalingListener', () => {
  test('has the name that ARC computes, beside its scale set or in the controller namespace, and no owner', () => {
    const { name, namespace, ownerReferences } = listenerOf().metadata;
    expect(name).toMatch(/^demo-[4-9bcdf]{8}-listener$/);
    expect({ namespace, ownerReferences }).toEqual({ namespace: 'arc-runners', ownerReferences: undefined });
    const elsewhere = listenerOf({}, { controllerNamespace: 'arc-systems' }).metadata;
    expect(elsewhere).toMatchObject({ name, namespace: 'arc-systems' });
    expect(listenerOf({ runnerGroup: 'g' }).metadata.name).not.toBe(name);
  });

  test.each<[string, Over, object]>([
    ['limits by default', {}, { minRunners: 0, maxRunners: NO_LIMIT }],
    ['limits given', { minRunners: 2, maxRunners: 5 }, { minRunners: 2, maxRunners: 5 }],
    [
      'blocks and templates under their names here',
      {
        listenerTemplate: { spec: { containers: [] } },
        listenerConfigSecretMetadata: { labels: { c: '1' } },
        listenerRoleMetadata: { labels: { r: '1' } },
      },
      {
        template: { spec: { containers: [] } },
        configSecretMetadata: { labels: { c: '1' } },
        roleMetadata: { labels: { r: '1' } },
      },
    ],
  ])('spec: %s', (_what, over, expected) => {
    expect(listenerOf(over).spec).toMatchObject(expected);
  });

  test('carries pull secrets and image when there are any', () => {
    expect(listenerOf().spec).not.toHaveProperty('imagePullSecrets');
    const { spec } = listenerOf({}, { listenerPullSecrets: ['a'], listenerImage: 'i' });
    expect(spec).toMatchObject({ image: 'i', imagePullSecrets: [{ name: 'a' }] });
  });

  test('inherits where it runs', () => {
    const metadata = { annotations: { [LISTENER_MODE_ANNOTATION]: 'pod' } };
    expect(listenerOf({ metadata }).metadata.annotations).toMatchObject({
      [LISTENER_MODE_ANNOTATION]: 'pod',
    });
  });
});

test.each([
  ['7', 7],
  ['0', 0],
  ['-1', 0],
  ['07', 0],
  ['seven', 0],
  [undefined, 0],
])('the id in the annotation %s is %d', (text, id) => {
  const annotations = text === undefined ? {} : { 'runner-scale-set-id': text };
  expect(scaleSetIdOf(aScaleSet({ metadata: { annotations } }))).toBe(id);
});

test('URL labels: only parts that there are, cut to what a label may be', () => {
  const organization = `${'o'.repeat(70)}-`;
  expect(urlLabels({ enterprise: 'e', organization: '', repository: '' })).toEqual({
    'actions.github.com/enterprise': 'e',
  });
  expect(urlLabels({ enterprise: '', organization, repository: '-r-' })).toEqual({
    'actions.github.com/organization': `${'o'.repeat(58)}-trim`,
    'actions.github.com/repository': 'r',
  });
});

describe('the current set', () => {
  const set = (name: string, at: string, deleting = false) =>
    ({
      metadata: { name, creationTimestamp: at, ...(deleting && { deletionTimestamp: at }) },
    }) as unknown as EphemeralRunnerSet;
  const [old, young] = [set('b', '2026-01-01T00:00:00Z'), set('a', '2026-01-02T00:00:00Z')];
  test.each<[string, EphemeralRunnerSet[], string | undefined]>([
    ['none', [], undefined],
    ['the newest', [old, young], 'a'],
    ['of the same second: by name', [set('x', 'z'), set('y', 'z')], 'y'],
    ['not one that goes', [old, set('a', '2026-01-02T00:00:00Z', true)], 'b'],
  ])('%s', (_what, sets, name) => {
    expect(currentOf(sets)?.metadata.name).toBe(name);
  });
});
