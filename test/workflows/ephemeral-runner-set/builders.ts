import type { ObservedPod, ObservedRunner, ObservedRunnerSet } from '../../../src/messages/observations.ts';
import type { Circumstances } from '../../../src/workflows/ephemeral-runner-set/circumstances.ts';
import { placeRunners } from '../../../src/workflows/ephemeral-runner-set/plan.ts';
import type { RunnerState } from '../../../src/workflows/ephemeral-runner-set/runner.ts';
import { Runners } from '../../../src/workflows/ephemeral-runner-set/runners.ts';
import type { Completion, RunnerSetState } from '../../../src/workflows/ephemeral-runner-set/state.ts';
import { emptyRunnerSetState } from '../../../src/workflows/ephemeral-runner-set/state.ts';

/** Milliseconds: an arbitrary time that everything in these tests happens around. */
export const NOW = 1_800_000_000_000;

export const aPod = (over: Partial<ObservedPod> = {}): ObservedPod => ({
  uid: 'pod-1',
  phase: 'Running',
  ...over,
});

export const seen = (over: Partial<ObservedRunner> = {}): ObservedRunner => ({
  name: 'demo-runner-aaaaa',
  revision: 'r1',
  patchId: 0,
  createdAt: NOW / 1000 - 60,
  ...over,
});

/** A runner that is up and has no job. */
export const idleRunner = (name = 'demo-runner-idle1', over: Partial<ObservedRunner> = {}): RunnerState => ({
  name,
  runnerId: 1,
  madeAt: NOW - 60_000,
  podSeen: true,
  seen: seen({ name, runnerId: 1, phase: 'Running', ready: true, pod: aPod({ ready: true }), ...over }),
});

export const busyRunner = (name = 'demo-runner-busy1'): RunnerState => idleRunner(name, { hasJob: true });

export const pendingRunner = (name = 'demo-runner-pend1'): RunnerState => ({
  ...idleRunner(name, { phase: 'Pending', pod: aPod({ phase: 'Pending' }) }),
});

export const aSet = (over: Partial<ObservedRunnerSet> = {}): ObservedRunnerSet => ({
  uid: 'set-1',
  generation: 1,
  revision: 'r1',
  replicas: 0,
  patchId: 0,
  configUrl: 'https://github.com/octo/repo',
  scaleSet: 'demo',
  hasFinalizer: true,
  ...over,
});

/** What keeps runners from being retired since then, tried once so far. */
export const aBlock = (since: number): NonNullable<RunnerSetState['retirementBlock']> => ({
  ...{ reason: 'SecretNotFound', message: 'm', since, tries: 1, nextTryAt: since + 5_000 },
});

/** A state in which the set wants `replicas` runners and has `runners`: in their places, and yet to be looked at. */
export function aState({ set = {}, runners = [], ...over }: StateParts = {}): RunnerSetState {
  const observed = aSet(set);
  const state = {
    ...emptyRunnerSetState(),
    complete: true,
    runnerSet: observed,
    order: {
      id: observed.patchId,
      replicas: observed.replicas,
      exact: observed.patchId === 0,
      completed: [],
    },
    runners: new Runners(runners),
    ...over,
  };
  placeRunners(state, NOW);
  state.runners.changeAll();
  return state;
}

/** A state as plain data, of its own: to be compared with another one. */
export const plain = ({ placedBy: _derived, runners, ...rest }: RunnerSetState): object =>
  structuredClone({ ...rest, runners: [...runners.values()] });

/** Runners as they stand in a state of a set of revision r1. */
export const placed = (runners: RunnerState[]): Runners => aState({ runners }).runners;

/** The names of a state's runners, in their order. */
export const namesIn = ({ runners }: RunnerSetState): string[] =>
  [...runners.values()].map(({ name }) => name);

type StateParts = Partial<Omit<RunnerSetState, 'runners' | 'set'>> & {
  runners?: RunnerState[];
  set?: Partial<ObservedRunnerSet>;
};

/** A job that ended under the order, and that nobody has told of. */
export const completion = (runner: string): Completion => ({ runner, at: NOW, until: NOW + 60_000 });

/** Names count up: demo-runner-00001, … */
export function circumstances(over: Partial<Circumstances> = {}): Circumstances {
  let count = 0;
  return {
    now: NOW,
    lanes: 0,
    retirements: 0,
    publishing: false,
    mayPublishAt: 0,
    checking: false,
    mayCheckAt: 0,
    draining: false,
    newName: () => `demo-runner-${String((count += 1)).padStart(5, '0')}`,
    ...over,
  };
}
