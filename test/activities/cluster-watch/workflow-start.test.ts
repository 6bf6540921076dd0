import { needsWorkflow, startOptionsFor } from '../../../src/activities/cluster-watch/workflow-start.ts';
import type { WorkflowTarget } from '../../../src/activities/cluster-watch/workflow-target.ts';
import type {
  AutoscalingRunnerSetObservation,
  ListenerObservation,
} from '../../../src/messages/observations.ts';
import { aSet, seen } from '../../workflows/ephemeral-runner-set/builders.ts';
import { aSettledStore, demo, namespace } from './scale-set-builders.ts';

describe('how workflows are started', () => {
  const { first, firstOfListener, listenerTarget } = aSettledStore();
  test.each<[string, WorkflowTarget, AutoscalingRunnerSetObservation | ListenerObservation, object]>([
    ['a scale set', demo, first!, { type: 'autoscalingRunnerSet', args: [{ namespace, name: 'demo' }] }],
    ['a listener', listenerTarget, firstOfListener!, { type: 'autoscalingListener' }],
  ])('%s', (_what, target, observation, expected) => {
    const start = startOptionsFor('c1', target, observation);
    expect(start).toMatchObject(expected);
    expect(start.typedSearchAttributes.map(({ value }) => value)).toEqual([
      'c1',
      namespace,
      'demo',
      'https://github.com/octo/app',
    ]);
  });
  test('none for what does not exist', () => {
    const nothing = { at: 1, autoscalingRunnerSet: null, wanted: '', runnerSets: [], listeners: [] };
    expect(needsWorkflow(nothing)).toBe(false);
    expect(needsWorkflow({ ...nothing, listeners: first!.listeners })).toBe(true);
    expect(needsWorkflow({ at: 1, listener: null })).toBe(false);
  });
});

describe('the workflow of runners', () => {
  const demoSet = { namespace, runnerSet: 'demo' };

  test('bears the name of its set, its scale set and its URL', () => {
    const start = startOptionsFor('c1', demoSet, { at: 1, runnerSet: aSet({ scaleSet: 'demo-scale-set' }) });
    expect(start).toMatchObject({
      type: 'ephemeralRunnerSet',
      args: [{ namespace, name: 'demo' }],
      staticSummary: 'team/demo',
    });
    expect(start.typedSearchAttributes.map(({ key, value }) => [key.name, value])).toEqual([
      ['ArcCluster', 'c1'],
      ['ArcNamespace', namespace],
      ['ArcScaleSet', 'demo-scale-set'],
      ['ArcRepositoryUrl', 'https://github.com/octo/repo'],
    ]);
  });

  test('of a namespace has no name, and no scale set', () => {
    const start = startOptionsFor('c1', { namespace }, { at: 1, runners: [seen()] });
    expect(start).toMatchObject({
      type: 'ephemeralRunnerSet',
      args: [{ namespace }],
      staticSummary: 'runners of no set in team',
    });
    expect(start.args[0]).not.toHaveProperty('name');
    expect(start.typedSearchAttributes.map(({ value }) => value)).toEqual(['c1', namespace]);
  });

  test.each([
    ['a set', true, { runnerSet: aSet() }],
    ['runners that outlive their set', true, { runnerSet: null, runners: [seen()] }],
    ['a set that is gone with its runners', false, { runnerSet: null, runners: [] }],
    ['runners that are gone', false, { gone: ['a'] }],
  ])('whether it is started for %s: %s', (_what, expected, observation) => {
    expect(needsWorkflow({ at: 1, ...observation })).toBe(expected);
  });
});

test('what is gone tells nothing about itself', () => {
  const nothing = { at: 1, autoscalingRunnerSet: null, wanted: '', runnerSets: [], listeners: [] };
  const values = (target: WorkflowTarget, observation: Parameters<typeof startOptionsFor>[2]) =>
    startOptionsFor('c1', target, observation).typedSearchAttributes.map(({ value }) => value);
  expect(values(demo, nothing)).toEqual(['c1', namespace]);
  expect(values({ namespace, listener: 'l' }, { at: 1, listener: null })).toEqual(['c1', namespace]);
});
