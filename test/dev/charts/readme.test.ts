import { chartReadme, describedValues } from '../../../dev/charts/readme.ts';

test('values are found with their path, their default and their meaning', () => {
  const text = `# About the file.

# -- Labels.
labels: {}

image:
  # -- Which image.
  repository: ''
  deep:
    # -- A tag.
    tag: v1
env:
# -- At most.
# maxRunners: 5
# not: described
last: 1
`;
  expect(describedValues(text)).toEqual([
    { name: 'labels', standard: '{}', meaning: 'Labels.' },
    { name: 'image.repository', standard: "''", meaning: 'Which image.' },
    { name: 'image.deep.tag', standard: 'v1', meaning: 'A tag.' },
    { name: 'maxRunners', standard: '', meaning: 'At most.' },
  ]);
});

test.each([
  [
    'gha-runner-scale-set-controller',
    ['`temporal.apiKey.secretName`', '`flags.watchSingleNamespace`', '--kubeconfig'],
  ],
  ['gha-runner-scale-set', ['`githubConfigUrl`', '`maxRunners`', 'values-hash']],
])('the README of %s has its tables, and what is around them stays', (chart, parts) => {
  const readme = chartReadme(chart);
  for (const part of parts) expect(readme).toContain(part);
  expect(readme).toMatch(new RegExp(`^# ${chart}\n`));
  expect(readme).toContain('helm install');
});
