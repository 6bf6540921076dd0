import { parse } from 'yaml';
import { manifests, staleManifests } from '../../dev/make/manifests.ts';

test('the manifests under crds are what the schemas say, and the rules of the charts what the table says', () =>
  expect(staleManifests()).toEqual([]));

test('there is one for each kind, and each can be read back', () => {
  const names = [...manifests().values()].map(
    (text) => (parse(text) as { metadata: { name: string } }).metadata.name,
  );
  expect(names).toEqual([
    'autoscalingrunnersets.actions.github.com',
    'autoscalinglisteners.actions.github.com',
    'ephemeralrunnersets.actions.github.com',
    'ephemeralrunners.actions.github.com',
  ]);
});
