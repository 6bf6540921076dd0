import { crdOf } from '../../src/api/crd.ts';
import { KINDS } from '../../src/api/v1alpha1/group.ts';
import type { KubernetesClient } from '../../src/kubernetes/client/client.ts';
import { KubernetesError } from '../../src/kubernetes/client/errors.ts';
import type { PresentCrd } from '../../src/kubernetes/client/resources.ts';
import { updateCrds } from '../../src/cli/update-crds.ts';

type Client = Pick<KubernetesClient, 'get' | 'create' | 'mergePatch'>;

const refusal = (status: number, reason: string): KubernetesError =>
  new KubernetesError(
    { verb: 'get', resource: 'customresourcedefinitions' },
    { message: reason, status, reason },
  );

/** An API server that keeps CRDs, and refuses the next writes as it is told. */
class Crds implements Client {
  readonly kept = new Map<string, PresentCrd>();
  readonly refusals: KubernetesError[] = [];
  patches: unknown[] = [];

  get = (async (_resource: unknown, { name }: { name: string }) => {
    await Promise.resolve();
    const crd = this.kept.get(name);
    if (!crd) throw refusal(404, 'NotFound');
    return crd;
  }) as unknown as Client['get'];

  create = (async (_resource: unknown, _namespace: unknown, crd: PresentCrd) => {
    await this.refuse();
    this.kept.set(crd.metadata.name, { ...crd, metadata: { ...crd.metadata, resourceVersion: '1' } });
    return crd;
  }) as unknown as Client['create'];

  mergePatch = (async (_resource: unknown, { name }: { name: string }, patch: { spec: object }) => {
    await this.refuse();
    this.patches.push(patch);
    const present = this.kept.get(name)!;
    const crd = { ...present, spec: { ...present.spec, ...patch.spec } };
    this.kept.set(name, crd);
    return crd;
  }) as unknown as Client['mergePatch'];

  private async refuse(): Promise<void> {
    await Promise.resolve();
    const error = this.refusals.shift();
    if (error) throw error;
  }
}

test('CRDs are created where there are none, and the second time nothing changes', async () => {
  const crds = new Crds();
  expect((await updateCrds(crds)).map(({ change }) => change)).toEqual(KINDS.map(() => 'created'));
  expect((await updateCrds(crds)).map(({ change }) => change)).toEqual(KINDS.map(() => 'unchanged'));
  expect(crds.patches).toEqual([]);
});

test('an older one is patched at the version that was read; what else it says stays', async () => {
  const crds = new Crds();
  await updateCrds(crds);
  const { name } = crdOf('EphemeralRunner').metadata;
  const older = structuredClone(crds.kept.get(name)!);
  delete older.spec.versions[0]!.schema.openAPIV3Schema.properties!['status'];
  crds.kept.set(name, { ...older, spec: { ...older.spec, preserveUnknownFields: false } as never });
  expect(await updateCrds(crds)).toContainEqual({ crd: name, change: 'updated' });
  expect(crds.patches).toMatchObject([{ metadata: { resourceVersion: '1' } }]);
  expect(crds.kept.get(name)!.spec).toEqual({
    ...crdOf('EphemeralRunner').spec,
    preserveUnknownFields: false,
  });
});

test('who was overtaken reads again', async () => {
  const crds = new Crds();
  crds.refusals.push(refusal(409, 'AlreadyExists'), refusal(409, 'Conflict'));
  expect((await updateCrds(crds)).map(({ change }) => change)).toEqual(KINDS.map(() => 'created'));
});

test('one that is being deleted is not touched, and the message says what to do', async () => {
  const crds = new Crds();
  await updateCrds(crds);
  const [name, crd] = [...crds.kept][0]!;
  crds.kept.set(name, { ...crd, metadata: { ...crd.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
  await expect(updateCrds(crds)).rejects.toThrow(`${name} is being deleted, with all of its objects; wait`);
});

test('what is forbidden is told as it is', async () => {
  const crds = new Crds();
  crds.refusals.push(refusal(403, 'Forbidden'));
  await expect(updateCrds(crds)).rejects.toThrow('Forbidden');
});
