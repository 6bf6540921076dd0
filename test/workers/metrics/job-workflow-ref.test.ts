import { parseJobWorkflowRef } from '../../../src/workers/metrics/job-workflow-ref.ts';

test.each([
  ['octo/app/.github/workflows/ci.yml@refs/heads/main', 'ci', 'heads/main'],
  ['octo/app/.github/workflows/ci.yaml@refs/heads/feature/x', 'ci', 'heads/feature/x'],
  ['octo/app/.github/workflows/build-all_1.2.yml@refs/tags/v1.2.3', 'build-all_1.2', 'tags/v1.2.3'],
  ['octo/app/.github/workflows/ci.yml@refs/pull/42/merge', 'ci', 'pull/42'],
  ['octo/app/.github/workflows/ci.yml@abcdef', 'ci', ''],
  ['', '', ''],
  ['octo/app/ci.yml', '', ''],
  ['a@b@c', '', ''],
])('%s', (reference, name, target) => {
  expect(parseJobWorkflowRef(reference)).toEqual({ name, target });
});
