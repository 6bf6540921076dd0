import { backoffAfter } from '../../../src/workflows/autoscaling-runner-set/policies/step-backoff.ts';
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

describe('the next step', () => {
  const fresh = { scaleSet: { identity: '', hasFinalizer: undefined as never }, sets: [], listeners: [] };
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
    ['no children yet', aState({ sets: [], listeners: [] }), 'apply'],
    ['no listener', aState({ listeners: [] }), 'apply'],
    ['another template', aState({ sets: [aChildSet({ stale: 'template' })] }), 'apply'],
    ['another label', aState({ sets: [aChildSet({ stale: 'metadata' })] }), 'apply'],
    ['other limits', aState({ listeners: [aListener({ stale: true })] }), 'apply'],
    ['a listener that goes', aState({ listeners: [aListener({ stale: true, deleting: true })] }), undefined],
    [
      'the set was deleted, and its name is still taken',
      aState({ sets: [anOlderSet({ name: 'demo', deleting: true })] }),
      undefined,
    ],
    ['a listener of an earlier URL', aState({ listeners: [aListener(), aLeftListener()] }), 'drop'],
    ['an older set', aState({ sets: [aChildSet(), anOlderSet()] }), 'drop'],
    ['the same, going', aState({ sets: [aChildSet(), anOlderSet({ deleting: true })] }), undefined],
    [
      'the set says that its scale set is gone',
      aState({ sets: [aChildSet({ blocked: { reason: 'ScaleSetNotFound', message: '' } })] }),
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
      aState({ sets: [aChildSet({ scaleSetId: 6, blocked: { reason: 'ScaleSetNotFound', message: '' } })] }),
      undefined,
    ],
    [
      'children wait while the spec asks for a scale set that cannot be had',
      (() => {
        const state = aState({ scaleSet: { specHash: 'asked-2' }, sets: [aChildSet({ stale: 'template' })] });
        settleStep(
          state,
          { step: plan(state).step!, stopped: { reason: 'SecretNotFound', message: '' } },
          NOW,
        );
        return state;
      })(),
      undefined,
    ],
    ['gone without us: its listener', aState({ scaleSet: null, sets: [] }), 'drop'],
    ['gone with everything', aState({ scaleSet: null, sets: [], listeners: [] }), undefined],
  ])('%s', (_what, state, expected) => {
    expect(step(state)).toBe(expected);
  });

  test('one at a time, and none while the workflow is about to continue as new', () => {
    const state = aState({ sets: [], listeners: [] });
    expect(plan(state, { stepping: true }).step).toBeUndefined();
    expect(plan(state, { draining: true })).toEqual({ finished: false });
  });

  test('an older set with a job wants no further runner, and goes when the job is done', () => {
    const busy = anOlderSet({ busy: true, replicas: 2 });
    expect(plan(aState({ sets: [aChildSet(), busy] })).step).toMatchObject({
      empty: ['demo-older'],
      sets: [],
    });
    expect(step(aState({ sets: [aChildSet(), { ...busy, replicas: 0 }] }))).toBeUndefined();
  });

  test('the same step for the same reason waits, longer each time; for another reason it does not', () => {
    const state = aState({ sets: [aChildSet({ stale: 'metadata' })] });
    const first = plan(state).step!;
    settleStep(state, { step: first }, NOW);
    expect(plan(state)).toMatchObject({ wakeAt: NOW + 2_000 });
    expect(step(state)).toBeUndefined();
    expect(plan(state, { now: NOW + 2_000 }).step).toEqual(first);
    state.seen!.wanted = 'wanted-2';
    expect(step(state)).toBe('apply');
  });

  test.each([
    ['failed', true, [1, 2, 4, 8, 10, 10]],
    ['without effect', false, [2, 4, 8, 16, 32, 64, 128, 256, 300]],
  ])('the waits after steps that %s', (_what, failed, seconds) => {
    let pace: ReturnType<typeof backoffAfter> | undefined;
    const waits = seconds.map(() => {
      pace = backoffAfter(pace, { key: 'k', failed, now: NOW });
      return (pace.notBefore - NOW) / 1000;
    });
    expect(waits).toEqual(seconds);
  });
});

describe('eventual: a new template waits for jobs', () => {
  const eventual = { eventual: true } as const;
  const set = aChildSet({ stale: 'template', busy: true });
  test('the set is marked as draining first', () => {
    expect(plan(aState({ scaleSet: eventual, sets: [set] })).step).toMatchObject({
      name: 'apply',
      hold: true,
    });
  });
  test('then nothing happens until the last job has ended', () => {
    expect(step(aState({ scaleSet: eventual, sets: [{ ...set, draining: true }] }))).toBeUndefined();
    const { busy: _busy, ...idle } = { ...set, draining: true } as const;
    const then = plan(aState({ scaleSet: eventual, sets: [idle] })).step;
    expect(then).toMatchObject({ name: 'apply' });
    expect(then).not.toHaveProperty('hold');
  });
  test('a scale set that vanished gets no job to wait for', () => {
    const state = aState({ scaleSet: eventual, sets: [{ ...set, scaleSetId: 6 }] });
    expect(plan(state).step).not.toHaveProperty('hold');
  });
  test('without the strategy it does not wait', () => {
    expect(plan(aState({ sets: [set] })).step).not.toHaveProperty('hold');
  });
});

describe('a deletion', () => {
  const deleting = { scaleSet: { deleting: true }, deletingSince: NOW } as const;
  test('goes listener, runners, scale set, protection', () => {
    const state = aState(deleting);
    expect(plan(state).step).toMatchObject({ name: 'drop', listeners: [{ uid: 'al-1' }], sets: [] });
    state.seen!.listeners = [aListener({ deleting: true })];
    expect(step(state)).toBeUndefined();
    state.seen!.listeners = [];
    expect(plan(state).step).toMatchObject({ name: 'drop', sets: [{ uid: 'ers-1' }], listeners: [] });
    state.seen!.runnerSets = [];
    expect(plan(state).step).toEqual({ name: 'remove', key: '7/Default/demo false' });
    settleStep(state, { step: plan(state).step! }, NOW);
    expect(step(state)).toBe('release');
    settleStep(state, { step: plan(state).step! }, NOW);
    expect(step(state)).toBeUndefined();
    expect(plan(state).finished).toBe(false);
    state.seen!.autoscalingRunnerSet = null;
    expect(plan(state).finished).toBe(true);
  });

  test('without an id has nothing to do at GitHub', () => {
    const state = aState({ scaleSet: { deleting: true, gitHubAnnotations: '' }, sets: [], listeners: [] });
    expect(step(state)).toBe('release');
  });

  test('is forced past GitHub after the deadline, and wakes for it', () => {
    const state = aState({ ...deleting, sets: [], listeners: [], deadlineSeconds: 60 });
    settleStep(state, { step: plan(state).step!, stopped: { reason: 'SecretNotFound', message: 'x' } }, NOW);
    expect(plan(state).wakeAt).toBe(NOW + 1_000);
    const late = plan(state, { now: NOW + 60_000 }).step;
    expect(late).toMatchObject({ name: 'remove', force: true });
    settleStep(state, { step: late!, leaked: 'Scale set 7 was left.' }, NOW);
    expect(state.events).toMatchObject([{ reason: 'SecretNotFound' }, { reason: 'ScaleSetLeaked' }]);
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
    expect(plan(aState(), { publishing: true }).publish).toBeUndefined();
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
  test('of one that is being deleted: Events alone', () => {
    const state = aState({ scaleSet: { deleting: true } });
    expect(plan(state).publish).toBeUndefined();
    state.events = [{ type: 'Warning', reason: 'ScaleSetLeaked', message: 'x' }];
    expect(plan(state).publish).toEqual({ events: state.events });
  });
});
