import {
  describeAutoscalingRunnerSet,
  viewAutoscalingRunnerSet,
} from '../../../src/workflows/autoscaling-runner-set/view.ts';
import { emptyAutoscalingRunnerSetState } from '../../../src/workflows/autoscaling-runner-set/state.ts';
import { aChildSet, aListener, aState } from './builders.ts';

const secret = { reason: 'SecretNotFound', message: 's' };

test('the views are short and name what is in the way', () => {
  const state = aState({ stepFailures: { prepare: secret } });
  expect(viewAutoscalingRunnerSet(state)).toMatchObject({ scaleSetId: 7, runnerSet: 'demo', held: false });
  expect(describeAutoscalingRunnerSet(state)).toContain('Cannot prepare: **SecretNotFound** s');
  expect(describeAutoscalingRunnerSet(aState())).toContain('Listening: The scale set takes jobs.');
  expect(describeAutoscalingRunnerSet(aState())).not.toContain('Paused');
  expect(describeAutoscalingRunnerSet(aState({ scaleSet: { paused: true } }))).toContain(
    'Paused: No job is taken.',
  );
});

describe('the answer of the query', () => {
  test('names the scale set, its children and its counters', () => {
    const runnerSets = [aChildSet({ pending: 1, running: 2, failed: 3 })];
    expect(viewAutoscalingRunnerSet(aState({ runnerSets, stepFailures: { drop: secret } }))).toMatchObject({
      phase: 'Running',
      scaleSetId: 7,
      scaleSetName: 'demo',
      group: 'Default',
      runnerSet: 'demo',
      listener: 'team/demo-listener',
      deleting: false,
      ...{ pending: 1, running: 2, failed: 3 },
      stepFailures: { drop: secret },
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready' })]),
    });
  });

  test('leaves out what is not known', () => {
    const view = viewAutoscalingRunnerSet(emptyAutoscalingRunnerSetState());
    expect(view).toMatchObject({ phase: 'Pending', held: false, deleting: false, pending: 0 });
    for (const key of ['scaleSetId', 'scaleSetName', 'group', 'runnerSet', 'listener']) {
      expect(view).not.toHaveProperty(key);
    }
  });

  test('says what waits and what goes', () => {
    const runnerSets = [aChildSet({ stale: 'template', busy: true })];
    expect(
      viewAutoscalingRunnerSet(aState({ scaleSet: { eventual: true, deleting: true }, runnerSets })),
    ).toMatchObject({
      held: true,
      deleting: true,
    });
  });
});

describe('the first page', () => {
  test('is a table, and a sentence', () => {
    const runnerSets = [aChildSet({ pending: 1, running: 2, failed: 3 })];
    const listeners = [
      aListener({ ready: { status: 'False', reason: 'SessionConflict', message: 'Another.' } }),
    ];
    expect(describeAutoscalingRunnerSet(aState({ runnerSets, listeners }))).toBe(
      [
        '| scale set | group | pending | running | failed |',
        '|---|---|---|---|---|',
        '| demo (7) | Default | 1 | 2 | 3 |',
        '',
        'SessionConflict: Another.',
      ].join('\n'),
    );
  });

  test('has dashes for what is not known yet', () => {
    expect(describeAutoscalingRunnerSet(emptyAutoscalingRunnerSetState())).toContain(
      '| – (–) | – | 0 | 0 | 0 |',
    );
  });

  test('tells of each step that cannot be done, instead of the condition', () => {
    const lines = describeAutoscalingRunnerSet(
      aState({ stepFailures: { apply: secret, drop: secret } }),
    ).split('\n');
    expect(lines.slice(4)).toEqual([
      'Cannot apply: **SecretNotFound** s',
      'Cannot drop: **SecretNotFound** s',
    ]);
  });
});
