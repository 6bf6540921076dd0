import { revisionOf } from '../../src/api/revision.ts';
import { runner, runnerSet, runnerSpec } from './samples.ts';

describe('revisionOf', () => {
  it('is the same for a set and for a runner made from it', () => {
    const { ephemeralRunnerSpec } = runnerSet.spec;
    expect(revisionOf(runner.spec)).toBe(revisionOf(ephemeralRunnerSpec!));
  });

  it('follows the pod template', () => {
    const changed = { ...runnerSpec, spec: { ...runnerSpec.spec!, priorityClassName: 'high' } };
    expect(revisionOf(changed)).not.toBe(revisionOf(runnerSpec));
  });

  it('may stand in a label or an annotation', () => {
    expect(revisionOf(runnerSpec)).toMatch(/^[4-9b-df]{1,10}$/);
  });
});
