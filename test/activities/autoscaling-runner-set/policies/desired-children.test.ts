import type { ChildOptions } from '../../../../src/activities/autoscaling-runner-set/policies/desired-children.ts';
import {
  desiredChildren,
  gitHubAnnotationsOf,
  specHashOf,
  specProblemOf,
  staleness,
  urlScopeOf,
} from '../../../../src/activities/autoscaling-runner-set/policies/desired-children.ts';
import type { EphemeralRunnerSet } from '../../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import { DEFAULT_SCALE_SET_OPTIONS } from '../../../../src/messages/settings.ts';
import { aScaleSet, childrenOf, withAnnotations } from '../../cluster-watch/scale-set-builders.ts';

test('what is asked of GitHub, and who it is, are told apart from everything else', () => {
  const base = aScaleSet();
  expect(specHashOf(aScaleSet({ maxRunners: 3 }))).toBe(specHashOf(base));
  for (const spec of [{ runnerGroup: 'g' }, { runnerScaleSetName: 'n' }, { runnerScaleSetLabels: ['l'] }])
    expect(specHashOf(aScaleSet(spec))).not.toBe(specHashOf(base));
  expect(gitHubAnnotationsOf(base)).toBe('7/Default/');
  expect(gitHubAnnotationsOf(aScaleSet({}, { annotations: {} }))).toBe('');
});

test('a scale set is named by id, group and name', () => {
  const annotations = {
    'runner-scale-set-id': '7',
    'actions.github.com/runner-group-name': 'Default',
    'actions.github.com/runner-scale-set-name': 'demo',
  };
  expect(gitHubAnnotationsOf(aScaleSet({}, { annotations }))).toBe('7/Default/demo');
});

test.each([
  ['https://github.com/octo/app', { enterprise: '', organization: 'octo', repository: 'app' }],
  ['https://github.com/enterprises/acme', { enterprise: 'acme', organization: '', repository: '' }],
  ['no URL', { enterprise: '', organization: '', repository: '' }],
  [undefined, { enterprise: '', organization: '', repository: '' }],
])('the scope of %s', (url, expected) => {
  expect(urlScopeOf(url)).toMatchObject(expected);
});

describe('the children of a scale set', () => {
  const options: ChildOptions = { ...DEFAULT_SCALE_SET_OPTIONS, excludedLabelPrefixes: ['secret/'] };
  const scaleSet = aScaleSet({ maxRunners: 4 }, { labels: { team: 'a', 'secret/x': 'y' } });

  test('bear its labels but for those that are excluded, and belong to its scale set at GitHub', () => {
    const { runnerSet, listener } = desiredChildren(scaleSet, { runnerSets: [], listeners: [] }, options);
    expect(runnerSet.metadata.labels).toMatchObject({ team: 'a' });
    expect(runnerSet.metadata.labels).not.toHaveProperty('secret/x');
    expect(listener.metadata.labels).not.toHaveProperty('secret/x');
    expect(runnerSet.spec.ephemeralRunnerSpec?.runnerScaleSetId).toBe(7);
    expect(listener.spec).toMatchObject({ runnerScaleSetId: 7, maxRunners: 4 });
  });

  test('are a set of its name, unless there is another one: then the listener scales the newest', () => {
    const named = (name: string, creationTimestamp: string) =>
      ({ metadata: { name, creationTimestamp }, spec: {} }) as unknown as EphemeralRunnerSet;
    const sets = [named('demo-new', '2026-02-01T00:00:00Z'), named('demo-old', '2026-01-01T00:00:00Z')];
    expect(
      desiredChildren(scaleSet, { runnerSets: [], listeners: [] }, options).listener.spec
        .ephemeralRunnerSetName,
    ).toBe('demo');
    expect(
      desiredChildren(scaleSet, { runnerSets: sets, listeners: [] }, options).listener.spec
        .ephemeralRunnerSetName,
    ).toBe('demo-new');
  });

  test('live in the namespace of the controller, if it has one: the listener alone', () => {
    const { runnerSet, listener } = desiredChildren(
      scaleSet,
      { runnerSets: [], listeners: [] },
      { ...options, controllerNamespace: 'arc' },
    );
    expect([runnerSet.metadata.namespace, listener.metadata.namespace]).toEqual(['team', 'arc']);
  });
});

describe('how a set differs from the one that is wanted', () => {
  const { set } = childrenOf(aScaleSet());
  const wanted = desiredChildren(
    aScaleSet(),
    { runnerSets: [], listeners: [] },
    DEFAULT_SCALE_SET_OPTIONS,
  ).runnerSet;
  const paused = { 'temporal-arc/paused': 'true' };
  const followed = { ...paused, 'temporal-arc/paused-with-owner': 'true' };

  test.each<[string, EphemeralRunnerSet, boolean, 'template' | 'metadata' | undefined]>([
    ['not at all', set, false, undefined],
    ['not by its replicas', { ...set, spec: { ...set.spec, replicas: 9, patchID: 4 } }, false, undefined],
    [
      'by a mark that it drains',
      withAnnotations(set, { 'temporal-arc/draining': 'true' }),
      false,
      'metadata',
    ],
    ['by not being paused with its scale set', set, true, 'metadata'],
    ['not when it is paused with it', withAnnotations(set, followed), true, undefined],
    ['when its scale set has been resumed', withAnnotations(set, followed), false, 'metadata'],
    ['not when a person paused it by itself', withAnnotations(set, paused), false, undefined],
    [
      'by lacking a template',
      { ...set, spec: { ...set.spec, ephemeralRunnerSpec: undefined } },
      false,
      'template',
    ],
  ])('%s', (_what, live, isPaused, expected) => {
    expect(staleness(live, wanted, isPaused)).toBe(expected);
  });
});

describe('limits that make no sense', () => {
  const odd = aScaleSet({ minRunners: 9, maxRunners: 4 });
  const limitsOf = (listeners: ReturnType<typeof desiredChildren>['listener'][]) => {
    const { spec } = desiredChildren(odd, { runnerSets: [], listeners }, DEFAULT_SCALE_SET_OPTIONS).listener;
    return { minRunners: spec.minRunners, maxRunners: spec.maxRunners };
  };

  test('leave those of the listener that there is', () => {
    const good = aScaleSet({ minRunners: 1, maxRunners: 3 });
    const { listener } = desiredChildren(good, { runnerSets: [], listeners: [] }, DEFAULT_SCALE_SET_OPTIONS);
    expect(limitsOf([listener])).toEqual({ minRunners: 1, maxRunners: 3 });
  });

  test('are no runners where nothing was before', () => {
    expect(limitsOf([])).toEqual({ minRunners: 0, maxRunners: 0 });
  });
});

test.each([
  [{}, undefined],
  [{ minRunners: 9, maxRunners: 4 }, /^spec.minRunners is greater than maxRunners, 4/],
  [{ minRunners: -1 }, /^spec.minRunners is no number of runners/],
  [{ maxRunners: -5 }, /^spec.maxRunners is no number of runners/],
  [{ maxRunners: 1.5 }, /^spec.maxRunners is no number of runners/],
  [{ maxRunners: 2 ** 31 }, /^spec.maxRunners is no number of runners/],
  [{ githubConfigUrl: 'https://me:hunter2@github.com/octo' }, /holds credentials/],
])('what is wrong with a spec: %j', (spec, words) => {
  const problem = specProblemOf(aScaleSet(spec));
  if (words) expect(problem?.message).toMatch(words);
  else expect(problem).toBeUndefined();
  expect(problem?.message ?? '').not.toContain('hunter2');
});
