import { crdOf } from '../../src/api/crd.ts';
import type { StructuralSchema } from '../../src/api/crd.ts';
import { API_VERSION, GROUP, KINDS, VERSION } from '../../src/api/v1alpha1/group.ts';
import type { Kind } from '../../src/api/v1alpha1/group.ts';
import { olderCrds, tellOfOlderCrds } from '../../src/workers/older-crds.ts';

/** As the API server serves a CRD, less some fields. */
function served(kind: Kind, lost: readonly string[] = []): StructuralSchema {
  const schema = structuredClone(crdOf(kind).spec.versions[0]!.schema.openAPIV3Schema);
  for (const path of lost) {
    const names = path.split('.');
    const name = names.pop()!;
    const place = names.reduce((at, each) => at.properties![each]!, schema);
    Reflect.deleteProperty(place.properties!, name);
  }
  return { ...schema, 'x-kubernetes-group-version-kind': [{ group: GROUP, version: VERSION, kind }] };
}

const documentOf = (lost: Partial<Record<Kind, string[]>>) => ({
  components: {
    schemas: {
      ...Object.fromEntries(
        KINDS.map((kind) => [`com.github.actions.v1alpha1.${kind}`, served(kind, lost[kind])]),
      ),
      odd: null,
      'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta': { type: 'object' },
    },
  },
});

test('our own CRDs lack nothing', () => {
  expect(olderCrds(documentOf({}))).toEqual([]);
});

test.each<[Kind, string, string[]]>([
  ['EphemeralRunnerSet', 'ephemeralrunnersets', ['status.phase', 'status.conditions']],
  ['EphemeralRunner', 'ephemeralrunners', ['status.jobId', 'status.jobResult', 'spec.vaultConfig']],
  ['AutoscalingListener', 'autoscalinglisteners', ['status.conditions']],
  ['AutoscalingRunnerSet', 'autoscalingrunnersets', ['status.conditions', 'spec.listenerMetrics']],
  ['EphemeralRunnerSet', 'ephemeralrunnersets', ['spec.ephemeralRunnerSpec.vaultConfig']],
])('one of %s that lacks fields is named, and what it drops', (kind, plural, lost) => {
  expect(olderCrds(documentOf({ [kind]: lost }))).toEqual([
    { crd: `${plural}.${GROUP}`, lost: expect.arrayContaining(lost) },
  ]);
});

test.each([[{}], [{ components: {} }], [{ components: { schemas: { a: 3, b: {} } } }]])(
  'what says nothing of a CRD says nothing against it: %j',
  (document) => {
    expect(olderCrds(document as never)).toEqual([]);
  },
);

test('a CRD that keeps what it does not know loses nothing, and one without a status of its own is another matter', () => {
  const schema = served('EphemeralRunner', ['status.conditions']);
  Object.assign(schema.properties!['status']!, { 'x-kubernetes-preserve-unknown-fields': true });
  expect(olderCrds({ components: { schemas: { schema } } })).toEqual([]);
});

test('it is told in a line for each, with cost and remedy; that nobody may read it is no failure', async () => {
  const lines: string[] = [];
  const log = (message: string): void => void lines.push(message);
  const asked: string[] = [];
  const openApi = (groupVersion: string) => {
    asked.push(groupVersion);
    return Promise.resolve(documentOf({ AutoscalingListener: ['status.conditions', 'spec.metrics'] }));
  };
  await tellOfOlderCrds({ kubernetes: { openApi }, log });
  expect(asked).toEqual([API_VERSION]);
  expect(lines).toEqual([expect.stringContaining('autoscalinglisteners.actions.github.com')]);
  for (const words of ['status.conditions, spec.metrics', 'no conditions', 'has no effect', 'kubectl apply'])
    expect(lines[0]).toContain(words);
  await tellOfOlderCrds({ kubernetes: { openApi: () => Promise.reject(new Error('403')) }, log });
  expect(lines).toHaveLength(1);
});
