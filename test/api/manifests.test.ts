import { parse } from 'yaml';
import { crdManifests, staleManifests } from '../../dev/make/manifests.ts';

test('what derives from the schemas, the settings, the rights and the version is up to date', () =>
  expect(staleManifests()).toEqual([]));

test('there is one for each kind, and each can be read back', () => {
  const names = [...crdManifests().values()].map(
    (text) => (parse(text) as { metadata: { name: string } }).metadata.name,
  );
  expect(names).toEqual([
    'autoscalingrunnersets.actions.github.com',
    'autoscalinglisteners.actions.github.com',
    'ephemeralrunnersets.actions.github.com',
    'ephemeralrunners.actions.github.com',
  ]);
});
