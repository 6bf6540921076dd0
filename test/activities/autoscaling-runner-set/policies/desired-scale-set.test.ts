import {
  desiredChange,
  desiredLabels,
  isDefaultGroup,
  missingLabels,
} from '../../../../src/activities/autoscaling-runner-set/policies/desired-scale-set.ts';
import type { AutoscalingRunnerSetSpec } from '../../../../src/api/v1alpha1/autoscaling-runner-set.ts';
import type { RunnerScaleSet } from '../../../../src/github/wire.ts';

const found = (over: Partial<RunnerScaleSet> = {}, labels = ['demo']): RunnerScaleSet => ({
  id: 1,
  name: 'demo',
  runnerGroupId: 1,
  runnerGroupName: 'Default',
  labels: labels.map((name) => ({ name, type: 'System' })),
  runnerSetting: { disableUpdate: true },
  ...over,
});

test.each([
  [undefined, true],
  ['', true],
  ['Default', true],
  ['default', true],
  ['defaults', false],
])('whether %j is the default group: %s', (group, expected) => {
  expect(isDefaultGroup(group)).toBe(expected);
});

test.each<[string, string[] | undefined, string[]]>([
  ['the name alone, without further ones', undefined, ['demo']],
  ['the name first, then the others in their order', ['b', 'a'], ['demo', 'b', 'a']],
  ['each once, whatever its case', ['GPU', 'gpu', 'Demo'], ['demo', 'GPU']],
  ['none that is empty', ['', 'a'], ['demo', 'a']],
])('labels: %s', (_what, runnerScaleSetLabels, expected) => {
  expect(desiredLabels({ ...(runnerScaleSetLabels && { runnerScaleSetLabels }) }, 'demo')).toEqual(expected);
});

const other = { runnerGroupId: 2, runnerGroupName: 'big' };

test.each<[string, Partial<AutoscalingRunnerSetSpec>, RunnerScaleSet, object]>([
  ['nothing, as it is', {}, found(), {}],
  [
    'nothing, where only the case differs',
    { runnerScaleSetName: 'DEMO', runnerGroup: 'DEFAULT' },
    found(),
    {},
  ],
  [
    'the name, and with it its label',
    { runnerScaleSetName: 'new' },
    found(),
    { name: 'new', labels: ['new'] },
  ],
  ['the group', { runnerGroup: 'big' }, found(), { move: true }],
  ['the group, back to the default one', { runnerGroup: 'default' }, found(other), { move: true }],
  ['no group that the spec leaves open', {}, found(other), {}],
  ['no name that the spec leaves open', {}, found({ name: 'kept' }, ['kept']), {}],
  [
    'no default group that has another name at GitHub',
    { runnerGroup: 'default' },
    found({ runnerGroupName: 'Standard' }),
    {},
  ],
  ['labels that are missing', { runnerScaleSetLabels: ['gpu'] }, found(), { labels: ['demo', 'gpu'] }],
  ['labels that are too many', {}, found({}, ['demo', 'gpu']), { labels: ['demo'] }],
  [
    'runners that would update themselves',
    {},
    found({ runnerSetting: { disableUpdate: false } }),
    { disableUpdate: true },
  ],
])('changes %s', (_what, spec, present, expected) => {
  expect(desiredChange(spec, present)).toEqual(expected);
});

test('labels that GitHub did not keep are missing, whatever their case', () => {
  expect(missingLabels(found({}, ['Demo', 'gpu']), ['demo', 'GPU', 'x64'])).toEqual(['x64']);
});
