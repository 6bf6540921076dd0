import { observeAutoscalingRunnerSet } from '../../../src/workflows/autoscaling-runner-set/observe.ts';
import { preparationStep } from '../../../src/workflows/autoscaling-runner-set/policies/preparation.ts';
import { emptyAutoscalingRunnerSetState } from '../../../src/workflows/autoscaling-runner-set/state.ts';
import { NOW } from '../ephemeral-runner-set/builders.ts';
import { aScaleSet, aState, prepared } from './builders.ts';

const observation = {
  at: NOW,
  autoscalingRunnerSet: aScaleSet(),
  wanted: 'w',
  runnerSets: [],
  listeners: [],
};
const settingsOf = (deletionDeadlineSeconds?: number) => ({ deletionDeadlineSeconds }) as never;

describe('observations', () => {
  test('replace what was known, and bring the settings', () => {
    const state = emptyAutoscalingRunnerSetState();
    observeAutoscalingRunnerSet(state, { ...observation, settings: settingsOf(9) });
    expect(state).toMatchObject({ seen: { wanted: 'w' }, deadlineSeconds: 9 });
    observeAutoscalingRunnerSet(state, observation);
    expect(state.deadlineSeconds).toBe(9);
    observeAutoscalingRunnerSet(state, { ...observation, settings: settingsOf() });
    expect(state.deadlineSeconds).toBe(300);
  });

  test('the same one twice changes nothing', () => {
    const state = aState();
    const change = { ...observation, autoscalingRunnerSet: aScaleSet({ deleting: true, generation: 2 }) };
    observeAutoscalingRunnerSet(state, change);
    const once = structuredClone(state);
    observeAutoscalingRunnerSet(state, change);
    expect(state).toEqual(once);
  });

  test('another one of the same name starts from nothing', () => {
    const secret = { reason: 'SecretNotFound', message: 's' };
    const state = aState({
      ...{ removed: true, released: true, outdated: true, deletingSince: NOW },
      published: { key: 'k', words: 'w', at: NOW },
      stepFailures: { prepare: secret },
      stepBackoffs: { prepare: { key: 'k', tries: 1, notBefore: NOW } },
    });
    observeAutoscalingRunnerSet(state, { ...observation, autoscalingRunnerSet: aScaleSet({ uid: 'ars-2' }) });
    expect(state.prepared).toBeUndefined();
    expect(state.removed ?? state.released ?? state.deletingSince).toBeUndefined();
    expect(state.outdated ?? state.published).toBeUndefined();
    expect(state).toMatchObject({ stepFailures: {}, stepBackoffs: {} });
  });

  test('one that is gone takes nothing along: what is left is still to be done', () => {
    const state = aState({ removed: true });
    observeAutoscalingRunnerSet(state, { ...observation, autoscalingRunnerSet: null });
    expect(state).toMatchObject({ removed: true, prepared });
    expect(state.seen?.autoscalingRunnerSet).toBeNull();
  });

  test('the time of a deletion is when it was first seen', () => {
    const state = aState();
    observeAutoscalingRunnerSet(state, {
      ...observation,
      autoscalingRunnerSet: aScaleSet({ deleting: true }),
    });
    observeAutoscalingRunnerSet(state, {
      ...observation,
      at: NOW + 5,
      autoscalingRunnerSet: aScaleSet({ deleting: true }),
    });
    expect(state.deletingSince).toBe(NOW);
  });

  test('annotations that were only late are no news; once they were seen, somebody took them away', () => {
    const bare = { ...observation, autoscalingRunnerSet: aScaleSet({ gitHubAnnotations: '' }) };
    const state = aState({ prepared: { ...prepared, previousAnnotations: '' } });
    observeAutoscalingRunnerSet(state, bare);
    expect(preparationStep(state)).toBeUndefined();
    observeAutoscalingRunnerSet(state, observation);
    observeAutoscalingRunnerSet(state, bare);
    expect(preparationStep(state)).toMatchObject({ name: 'prepare' });
  });

  test('a snapshot shows what stands there: the status is written again, annotations are no longer late', () => {
    const published = { key: 'k', words: 'w', at: NOW };
    const bare = { ...observation, autoscalingRunnerSet: aScaleSet({ gitHubAnnotations: '' }) };
    const state = aState({ published, prepared: { ...prepared, previousAnnotations: '' } });
    observeAutoscalingRunnerSet(state, bare);
    expect(state.published).toEqual(published);
    observeAutoscalingRunnerSet(state, { ...bare, snapshot: true });
    expect(state.published).toBeUndefined();
    expect(preparationStep(state)).toMatchObject({ name: 'prepare' });
  });

  test('a watch that another one replaced overwrites nothing', () => {
    const state = aState();
    observeAutoscalingRunnerSet(state, { ...observation, sequence: { epoch: 2, seq: 1 } });
    const before = structuredClone(state);
    const gone = { ...observation, autoscalingRunnerSet: null };
    observeAutoscalingRunnerSet(state, { ...gone, snapshot: true, sequence: { epoch: 1, seq: 50 } });
    observeAutoscalingRunnerSet(state, { ...gone, sequence: { epoch: 2, seq: 1 } });
    expect(state).toEqual(before);
    observeAutoscalingRunnerSet(state, { ...gone, sequence: { epoch: 2, seq: 2 } });
    expect(state.seen?.autoscalingRunnerSet).toBeNull();
  });
});

test('a deletion with --cascade=orphan is one until its end, also when Kubernetes has let go of the children', () => {
  const state = aState({ scaleSet: { deleting: true, orphaning: true } });
  const observed = { at: NOW, wanted: 'w', runnerSets: [], listeners: [] };
  observeAutoscalingRunnerSet(state, { ...observed, autoscalingRunnerSet: aScaleSet({ deleting: true }) });
  expect(state.seen?.autoscalingRunnerSet?.orphaning).toBe(true);
  observeAutoscalingRunnerSet(state, { ...observed, autoscalingRunnerSet: aScaleSet({ uid: 'another' }) });
  expect(state.seen?.autoscalingRunnerSet).not.toHaveProperty('orphaning');
});
