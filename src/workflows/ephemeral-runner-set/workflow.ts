import {
  allHandlersFinished,
  condition,
  continueAsNew,
  log,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunnerSetObservation } from '../../messages/observations.ts';
import { Executor } from './execute.ts';
import type { CarriedState } from './continue-as-new.ts';
import { canBeCarried, packState, unpackState } from './continue-as-new.ts';
import { followRunners } from './lifecycle.ts';
import * as messages from '../../messages/ephemeral-runner-set.ts';
import { runnerSetObservationProblem } from '../../messages/readable.ts';
import { newRunnerName } from './policies/runner-name.ts';
import { observe } from './observe.ts';
import { handlePauses, handleSignal } from '../pause-handlers.ts';
import { intoInbox } from '../signal-inbox.ts';
import { settle } from './settle.ts';
import { ReplayWork } from './policies/replay-work.ts';
import { decide, placeRunners } from './plan.ts';
import { emptyRunnerSetState, limitEvents } from './state.ts';
import { describeRunnerSet, viewRunnerSet } from './view.ts';

/** How long the next signal is waited for before a run ends without one. */
const LULL_MS = 500;

interface RunnerSetInput {
  namespace: string;
  /** The EphemeralRunnerSet; absent for the runners of the namespace that belong to none. */
  name?: string;
  /** From the run before. */
  carried?: CarriedState;
  inbox?: RunnerSetObservation[];
}

/**
 * An EphemeralRunnerSet's life: observe the cluster, decide what to do, have it done, until the set and its runners
 * are gone. The decisions are pure functions of the state; activities do the work.
 */
export async function ephemeralRunnerSet(input: RunnerSetInput): Promise<void> {
  const state = input.carried ? unpackState(input.carried) : emptyRunnerSetState();
  const inbox = input.inbox ?? [];
  const executor = new Executor(input, state);
  const work = new ReplayWork();
  // What people ask for makes events too, though nothing changes by it.
  const isEnough = (): boolean => {
    const { continueAsNewSuggested, historyLength: events, historySize: bytes } = workflowInfo();
    return continueAsNewSuggested || work.isEnough({ events, bytes });
  };

  setHandler(messages.observeRunnerSetSignal, intoInbox(inbox, 'observe', runnerSetObservationProblem));
  setHandler(messages.runnerSetStateQuery, (page) => viewRunnerSet(state, page));
  setHandler(messages.scaleUpdate, ({ replicas }) => executor.scale(replicas), { validator: mustScale });
  setHandler(messages.scaleSignal, async (request) => {
    const problem = messages.scaleProblem(request);
    if (problem) log.warn('A scale signal was ignored', { problem });
    else await handleSignal('scale', () => executor.scale(request.replicas));
  });
  handlePauses((paused) => executor.pause(paused));

  for (;;) {
    const now = Date.now();
    const observations = inbox.splice(0);
    // What lasts is measured by one clock: what was seen counts from now, whatever the clock of the watch says.
    for (const observation of observations) observe(state, { ...observation, at: now });
    settle(state, executor.takeOutcomes(), now);
    followRunners(state, now);
    limitEvents(state);
    const draining = isEnough();
    const plan = decide(state, {
      now,
      lanes: executor.lanes,
      retirements: executor.retirements,
      publishing: executor.publishing,
      mayPublishAt: executor.mayPublishAt,
      checking: executor.checking,
      mayCheckAt: executor.mayCheckAt,
      draining,
      newName: () => newRunnerName(input, state.runners),
    });
    if (draining) executor.drain();
    executor.carryOut(plan, observations[0]?.at);
    placeRunners(state, now);
    setCurrentDetails(describeRunnerSet(state));

    const quiet = executor.inFlight === 0 && inbox.length === 0;
    if (quiet && plan.finished) break;
    if (quiet && draining) {
      // A signal that meets the end of a run costs a replay of it. After a signal none comes for a moment.
      if (observations.length === 0 && (await condition(() => inbox.length > 0, LULL_MS))) continue;
      await condition(allHandlersFinished);
      const carried = packState(state, input.name ?? '');
      if (canBeCarried(carried))
        return continueAsNew<typeof ephemeralRunnerSet>({ ...input, carried, inbox });
      // The watch starts another one with what stands in the cluster.
      log.warn('The state is too large to be carried over; it is rebuilt from the cluster');
      return;
    }
    const mayEnd = (): boolean => (draining ? executor.inFlight === 0 : isEnough());
    await condition(() => inbox.length > 0 || executor.hasNews || mayEnd());
  }
  await condition(allHandlersFinished);
}

function mustScale(request: messages.ScaleRequest): void {
  const problem = messages.scaleProblem(request);
  if (problem) throw new TypeError(problem);
}
