import { settleStep } from '../../../src/workflows/autoscaling-runner-set/settle.ts';
import type { AutoscalingRunnerSetState } from '../../../src/workflows/autoscaling-runner-set/state.ts';
import { emptyAutoscalingRunnerSetState } from '../../../src/workflows/autoscaling-runner-set/state.ts';
import {
  publicationKey,
  autoscalingRunnerSetStatus,
  wordsKey,
} from '../../../src/workflows/autoscaling-runner-set/status.ts';
import { NOW } from '../ephemeral-runner-set/builders.ts';
import { aChildSet, aLeftListener, aListener, anOlderSet, aState, plan, prepared } from './builders.ts';

const step = (state: AutoscalingRunnerSetState) => plan(state).step?.name;

/** The step that is due fails. */
const failStep = (state: AutoscalingRunnerSetState, stopped = { reason: 'SecretNotFound', message: 'x' }) =>
  settleStep(state, { repairs: 0, uid: 'ars-1', step: plan(state).step!, stopped }, NOW);

describe('the next step', () => {
  const fresh = {
    scaleSet: { gitHubAnnotations: '', hasFinalizer: undefined as never },
    runnerSets: [],
    listeners: [],
  };
  const unprepared = () => {
    const { prepared: _none, ...state } = aState();
    return state;
  };
  test.each<[string, AutoscalingRunnerSetState, string | undefined]>([
    ['before anything was seen: none', emptyAutoscalingRunnerSetState(), undefined],
    ['everything stands: none', aState(), undefined],
    ['a new one: the scale set at GitHub', aState({ ...fresh, prepared: undefined as never }), 'prepare'],
    ['a workflow that lost its memory: the same, before it touches children', unprepared(), 'prepare'],
    ['the spec asks for something else', aState({ scaleSet: { specHash: 'asked-2' } }), 'prepare'],
    ['the finalizer was taken off', aState({ scaleSet: { hasFinalizer: undefined as never } }), 'prepare'],
    ['the id was edited', aState({ scaleSet: { gitHubAnnotations: '8/Default/demo' } }), 'prepare'],
    [
      'its own annotations come late',
      aState({ scaleSet: { gitHubAnnotations: '' }, prepared: { ...prepared, previousAnnotations: '' } }),
      undefined,
    ],
    ['no children yet', aState({ runnerSets: [], listeners: [] }), 'apply'],
    ['no listener', aState({ listeners: [] }), 'apply'],
    ['another template', aState({ runnerSets: [aChildSet({ stale: 'template' })] }), 'apply'],
    ['another label', aState({ runnerSets: [aChildSet({ stale: 'metadata' })] }), 'apply'],
    ['other limits', aState({ listeners: [aListener({ stale: true })] }), 'apply'],
    ['a listener that goes', aState({ listeners: [aListener({ stale: true, deleting: true })] }), undefined],
    [
      'the set was deleted, and its name is still taken',
      aState({ runnerSets: [anOlderSet({ name: 'demo', deleting: true })] }),
      undefined,
    ],
    ['a listener of an earlier URL', aState({ listeners: [aListener(), aLeftListener()] }), 'drop'],
    ['an older set', aState({ runnerSets: [aChildSet(), anOlderSet()] }), 'drop'],
    ['the same, going', aState({ runnerSets: [aChildSet(), anOlderSet({ deleting: true })] }), undefined],
    [
      'the set says that its scale set is gone',
      aState({ runnerSets: [aChildSet({ blocked: { reason: 'ScaleSetNotFound', message: '' } })] }),
      'prepare',
    ],
    [
      'the listener says so',
      aState({
        listeners: [aListener({ ready: { status: 'False', reason: 'ScaleSetNotFound', message: '' } })],
      }),
      'prepare',
    ],
    [
      'one that was for an earlier scale set says so',
      aState({
        runnerSets: [aChildSet({ scaleSetId: 6, blocked: { reason: 'ScaleSetNotFound', message: '' } })],
      }),
      undefined,
    ],
    [
      'children wait while the spec asks for a scale set that cannot be had',
      (() => {
        const state = aState({
          scaleSet: { specHash: 'asked-2' },
          runnerSets: [aChildSet({ stale: 'template' })],
        });
        failStep(state);
        return state;
      })(),
      undefined,
    ],
    ['children come before what is left of earlier days', aState({ runnerSets: [anOlderSet()] }), 'apply'],
    ['gone without us: its listener', aState({ scaleSet: null, runnerSets: [] }), 'drop'],
    ['gone with everything', aState({ scaleSet: null, runnerSets: [], listeners: [] }), undefined],
  ])('%s', (_what, state, expected) => {
    expect(step(state)).toBe(expected);
  });

  test('one at a time, and none while the workflow is about to continue as new', () => {
    const state = aState({ runnerSets: [], listeners: [] });
    expect(plan(state, { stepping: true }).step).toBeUndefined();
    expect(plan(state, { draining: true })).toEqual({ finished: false });
  });

  test('an older set with a job wants no further runner, and goes when the job is done', () => {
    const busy = anOlderSet({ busy: true, replicas: 2 });
    expect(plan(aState({ runnerSets: [aChildSet(), busy] })).step).toMatchObject({
      empty: ['demo-older'],
      runnerSets: [],
    });
    expect(step(aState({ runnerSets: [aChildSet(), { ...busy, replicas: 0 }] }))).toBeUndefined();
  });

  test('the same step for the same reason waits, longer each time; for another reason it does not', () => {
    const state = aState({ runnerSets: [aChildSet({ stale: 'metadata' })] });
    const first = plan(state).step!;
    settleStep(state, { repairs: 0, uid: 'ars-1', step: first }, NOW);
    expect(plan(state)).toMatchObject({ wakeAt: NOW + 2_000 });
    expect(step(state)).toBeUndefined();
    expect(plan(state, { now: NOW + 2_000 }).step).toEqual(first);
    state.seen!.wanted = 'wanted-2';
    expect(step(state)).toBe('apply');
  });

  test('a step that waits does not hold up the next one', () => {
    const state = aState({ listeners: [aListener({ stale: true }), aLeftListener()] });
    failStep(state, { reason: 'Forbidden', message: 'm' });
    expect(plan(state)).toMatchObject({ step: { name: 'drop' }, wakeAt: NOW + 1_000 });
  });
});

test('a template that waits for jobs is applied as draining', () => {
  const runnerSets = [aChildSet({ stale: 'template', busy: true })];
  expect(plan(aState({ scaleSet: { eventual: true }, runnerSets })).step).toMatchObject({
    name: 'apply',
    hold: true,
  });
});

describe('a deletion', () => {
  const deleting = { scaleSet: { deleting: true }, deletingSince: NOW } as const;
  test('goes listener, runners, scale set, protection', () => {
    const state = aState(deleting);
    expect(plan(state).step).toMatchObject({ name: 'drop', listeners: [{ uid: 'al-1' }], runnerSets: [] });
    state.seen!.listeners = [aListener({ deleting: true })];
    expect(step(state)).toBeUndefined();
    state.seen!.listeners = [];
    expect(plan(state).step).toMatchObject({ name: 'drop', runnerSets: [{ uid: 'ers-1' }], listeners: [] });
    state.seen!.runnerSets = [];
    expect(plan(state).step).toEqual({ name: 'remove', key: '7/Default/demo false' });
    settleStep(state, { repairs: 0, uid: 'ars-1', step: plan(state).step! }, NOW);
    expect(step(state)).toBe('release');
    settleStep(state, { repairs: 0, uid: 'ars-1', step: plan(state).step! }, NOW);
    expect(step(state)).toBeUndefined();
    expect(plan(state).finished).toBe(false);
    state.seen!.autoscalingRunnerSet = null;
    expect(plan(state).finished).toBe(true);
  });

  test('wakes for its deadline', () => {
    expect(plan(aState({ ...deleting, deadlineSeconds: 60 })).wakeAt).toBe(NOW + 60_000);
    expect(plan(aState({ ...deleting, deadlineSeconds: 60 }), { now: NOW + 60_000 }).wakeAt).toBeUndefined();
  });

  test('is forced past GitHub after the deadline, and wakes for it', () => {
    const state = aState({ ...deleting, runnerSets: [], listeners: [], deadlineSeconds: 60 });
    failStep(state);
    expect(plan(state).wakeAt).toBe(NOW + 1_000);
    const late = plan(state, { now: NOW + 60_000 }).step;
    expect(late).toMatchObject({ name: 'remove', force: true });
    settleStep(state, { repairs: 0, uid: 'ars-1', step: late!, leaked: 'Scale set 7 was left.' }, NOW);
    expect(state.events).toMatchObject([{ reason: 'SecretNotFound' }, { reason: 'ScaleSetLeaked' }]);
  });
});

describe('the end', () => {
  test.each<[string, AutoscalingRunnerSetState, boolean]>([
    ['not while it exists', aState({ runnerSets: [], listeners: [] }), false],
    [
      'not while it leaves a listener',
      aState({ scaleSet: null, listeners: [aListener({ deleting: true })] }),
      false,
    ],
    ['not before anything was seen', emptyAutoscalingRunnerSetState(), false],
    ['when both are gone: its sets have an owner', aState({ scaleSet: null, listeners: [] }), true],
  ])('%s', (_what, state, finished) => {
    expect(plan(state).finished).toBe(finished);
  });
});

describe('what is published', () => {
  function published(state: AutoscalingRunnerSetState, at: number): AutoscalingRunnerSetState {
    const status = autoscalingRunnerSetStatus(state);
    return { ...state, published: { key: publicationKey(status, 1), words: wordsKey(status, 1), at } };
  }
  test('a status that differs, and not the same again', () => {
    expect(plan(aState()).publish).toMatchObject({ status: { phase: 'Running' }, events: [] });
    expect(plan(published(aState(), NOW)).publish).toBeUndefined();
    const soon = plan(aState(), { mayPublishAt: NOW + 5_000 });
    expect(soon).toMatchObject({ wakeAt: NOW + 5_000 });
    expect(soon.publish).toBeUndefined();
    expect(plan(aState(), { publishing: true }).publish).toBeUndefined();
  });
  test('the same again for a new generation, at once', () => {
    const state = published(aState(), NOW);
    state.seen!.autoscalingRunnerSet!.generation = 2;
    expect(plan(state).publish).toEqual({ status: autoscalingRunnerSetStatus(state), events: [] });
  });
  test('counters alone once a second', () => {
    const state = published(aState(), NOW - 400);
    state.seen!.runnerSets = [aChildSet({ running: 3 })];
    expect(plan(state)).toMatchObject({ wakeAt: NOW + 600 });
    expect(plan(state).publish).toBeUndefined();
    expect(plan(state, { now: NOW + 600 }).publish).toMatchObject({ status: { runningEphemeralRunners: 3 } });
  });
  test('a condition at once', () => {
    const state = published(aState(), NOW);
    state.stepFailures = { prepare: { reason: 'SecretNotFound', message: 'x' } };
    expect(plan(state).publish).toBeDefined();
  });
  test('Events at once, without the status that stands', () => {
    const state = published(aState(), NOW);
    state.events = [{ type: 'Normal', reason: 'Resumed', message: 'x' }];
    expect(plan(state).publish).toEqual({ events: state.events });
  });
  test('of one that is being deleted: Events alone', () => {
    const state = aState({ scaleSet: { deleting: true } });
    expect(plan(state).publish).toBeUndefined();
    state.events = [{ type: 'Warning', reason: 'ScaleSetLeaked', message: 'x' }];
    expect(plan(state).publish).toEqual({ events: state.events });
  });
  test('of one whose deletion is held up: why, because nobody may be able to write an Event', () => {
    const state = aState({ scaleSet: { deleting: true } });
    state.stepFailures = { remove: { reason: 'SecretNotFound', message: 'create it' } };
    const { status } = plan(state).publish ?? {};
    expect(status?.conditions).toContainEqual({
      ...{ type: 'Ready', status: 'False', reason: 'SecretNotFound', message: 'create it' },
    });
  });
  test('of one that is gone: nothing', () => {
    const events = [{ type: 'Warning' as const, reason: 'ScaleSetLeaked', message: 'x' }];
    expect(plan(aState({ scaleSet: null, events })).publish).toBeUndefined();
  });
});
