import {
  CLEANUP_GITHUB_SECRET_ANNOTATION,
  CLEANUP_MANAGER_ROLE_ANNOTATION,
  CLEANUP_NO_PERMISSION_SERVICE_ACCOUNT_ANNOTATION,
} from '../../../src/api/annotations.ts';
import {
  AUTOSCALING_RUNNER_SET_FINALIZER,
  CLEANUP_PROTECTION_FINALIZER,
} from '../../../src/api/finalizers.ts';
import { roles, secrets } from '../../../src/kubernetes/client/resources.ts';
import { aScene, namespace } from './scene.ts';

const scene = aScene();

test('releaseScaleSet frees what the chart protects, as far as it is there, then the set itself', async () => {
  const finalizers = [CLEANUP_PROTECTION_FINALIZER, 'of/others'];
  scene.cluster.put(secrets, namespace, { metadata: { name: 'chart', finalizers } });
  scene.cluster.put(roles, namespace, { metadata: { name: 'manager', finalizers } });
  const target = scene.create(
    {},
    {
      [CLEANUP_NO_PERMISSION_SERVICE_ACCOUNT_ANNOTATION]: 'not-there',
      [CLEANUP_GITHUB_SECRET_ANNOTATION]: 'chart',
      [CLEANUP_MANAGER_ROLE_ANNOTATION]: 'manager',
    },
  );
  await scene.run('prepareScaleSet', target);
  scene.cluster.writes.length = 0;
  await scene.run('releaseScaleSet', target);
  expect(scene.cluster.writes.map(({ resource }) => resource)).toEqual([
    'secrets',
    'roles',
    'autoscalingrunnersets',
  ]);
  expect(scene.cluster.find(roles, { namespace, name: 'manager' })?.metadata?.finalizers).toEqual([
    'of/others',
  ]);
  expect(scene.read().metadata.finalizers).toEqual([]);
});

test("a Secret that the manager may not touch is somebody else's; a Role is not", async () => {
  const finalizers = [CLEANUP_PROTECTION_FINALIZER];
  scene.cluster.put(secrets, namespace, { metadata: { name: 'chart', finalizers } });
  scene.cluster.put(roles, namespace, { metadata: { name: 'manager', finalizers } });
  const target = scene.create(
    {},
    { [CLEANUP_GITHUB_SECRET_ANNOTATION]: 'chart', [CLEANUP_MANAGER_ROLE_ANNOTATION]: 'manager' },
  );
  await scene.run('prepareScaleSet', target);
  const forbidden = { verb: 'patch', status: 403, reason: 'Forbidden' } as const;
  scene.cluster.failNext({ ...forbidden, resource: secrets, name: 'chart' });
  scene.cluster.failNext({ ...forbidden, resource: roles });
  await expect(scene.run('releaseScaleSet', target)).rejects.toMatchObject({ type: 'KubernetesForbidden' });
  expect(scene.read().metadata.finalizers).toEqual([AUTOSCALING_RUNNER_SET_FINALIZER]);
  await scene.run('releaseScaleSet', target);
  expect(scene.read().metadata.finalizers).toEqual([]);
});

test('one that is gone, or another of that name, is left alone', async () => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  await scene.run('releaseScaleSet', { ...target, uid: 'another' });
  expect(scene.read().metadata.finalizers).toEqual([AUTOSCALING_RUNNER_SET_FINALIZER]);
  await scene.markDeleted();
  await scene.run('releaseScaleSet', target);
  expect(scene.read()).toBeUndefined();
  await expect(scene.run('releaseScaleSet', target)).resolves.toBeUndefined();
});
