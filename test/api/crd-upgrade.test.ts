import { crdOf } from '../../src/api/crd.ts';
import type { Crd, StructuralSchema } from '../../src/api/crd.ts';
import { upgradedSpec } from '../../src/api/crd-upgrade.ts';
import { KINDS } from '../../src/api/v1alpha1/group.ts';

const ours = crdOf('EphemeralRunner');
const copy = (): Crd => structuredClone(ours);
const specIn = (crd: Pick<Crd['spec'], 'versions'>): StructuralSchema =>
  crd.versions[0]!.schema.openAPIV3Schema.properties!['spec']!;

test.each(KINDS)('a CRD of ours stays as it is: %s', (kind) => {
  const crd = crdOf(kind);
  expect(upgradedSpec(crd.spec, crd)).toEqual({ names: crd.spec.names, versions: crd.spec.versions });
});

test('a field that is missing comes, one that only the present CRD has stays', () => {
  const present = copy();
  const { properties } = specIn(present.spec);
  delete properties!['proxySecretRef'];
  properties!['fromTomorrow'] = { type: 'string' };
  properties!['proxy']!.properties!['socks'] = { type: 'object', properties: { url: { type: 'string' } } };
  const upgraded = specIn(upgradedSpec(present.spec, ours)).properties!;
  expect(upgraded['proxySecretRef']).toEqual({ type: 'string', description: expect.any(String) });
  expect(upgraded['fromTomorrow']).toEqual({ type: 'string' });
  expect(upgraded['proxy']!.properties!['socks']).toEqual({
    type: 'object',
    properties: { url: { type: 'string' } },
  });
});

test('fields within lists and maps stay too, and a place that keeps what it does not know goes on to', () => {
  const present = copy();
  const { containers } = specIn(present.spec).properties!['spec']!.properties!;
  containers!.items!.properties!['fromTomorrow'] = { type: 'string' };
  Object.assign(specIn(present.spec), { 'x-kubernetes-preserve-unknown-fields': true });
  const upgraded = specIn(upgradedSpec(present.spec, ours));
  expect(upgraded.properties!['spec']!.properties!['containers']!.items!.properties).toHaveProperty(
    'fromTomorrow',
  );
  expect(upgraded['x-kubernetes-preserve-unknown-fields']).toBe(true);
});

test('where both say something else of the same field, ours holds', () => {
  const present = copy();
  specIn(present.spec).properties!['runnerScaleSetId'] = { type: 'string' };
  expect(upgradedSpec(present.spec, ours).versions).toEqual(ours.spec.versions);
});

test('a version that is not ours stays, and goes on to be what is stored', () => {
  const present = copy();
  const tomorrow = { ...copy().spec.versions[0]!, name: 'v1' };
  present.spec.versions = [{ ...present.spec.versions[0]!, storage: false }, tomorrow];
  const { versions } = upgradedSpec(present.spec, ours);
  expect(versions.map(({ name, storage }) => [name, storage])).toEqual([
    ['v1alpha1', false],
    ['v1', true],
  ]);
});

test('short names of both are kept', () => {
  const present = copy();
  present.spec.names.shortNames = ['theirs'];
  expect(upgradedSpec(present.spec, ours).names.shortNames).toEqual([
    ...ours.spec.names.shortNames,
    'theirs',
  ]);
});
