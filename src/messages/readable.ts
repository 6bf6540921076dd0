import type { ListenerNews } from './autoscaling-listener.ts';
import type {
  AutoscalingRunnerSetObservation,
  ListenerObservation,
  ObservedAutoscalingRunnerSet,
  ObservedChildListener,
  ObservedChildRunnerSet,
  ObservedListener,
  ObservedListenerPod,
  ObservedPod,
  ObservedRunner,
  ObservedRunnerSet,
  RunnerSetObservation,
  Sequence,
} from './observations.ts';
import type { RunnerSettings } from './settings.ts';
import type { Members } from './shapes.ts';
import { count, either, flag, listOf, nullOr, number, objectOf, oneOf, recordOf, text } from './shapes.ts';

/** What is wrong with a signal that a workflow is sent, if anything: it names the member and what is needed there. */

const podMembers: Members<ObservedPod> = {
  needed: { uid: text, phase: oneOf('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown') },
  optional: {
    ready: flag,
    ended: flag,
    exitCode: number,
    disrupted: flag,
    going: flag,
    stuck: flag,
    waitsForNode: flag,
    reason: text,
    message: text,
  },
};

const runner = objectOf<ObservedRunner>({
  needed: { name: text, revision: text, patchId: number, createdAt: number },
  optional: {
    runnerId: number,
    phase: text,
    ready: flag,
    hasJob: flag,
    jobResult: text,
    goneUid: text,
    standalone: flag,
    uid: text,
    deleting: flag,
    orphaning: flag,
    pod: objectOf<ObservedPod>(podMembers),
  },
});

const runnerSet = objectOf<ObservedRunnerSet>({
  needed: {
    uid: text,
    generation: number,
    revision: text,
    replicas: count,
    patchId: number,
    configUrl: text,
    scaleSet: text,
  },
  optional: {
    invalid: text,
    hasFinalizer: flag,
    deleting: flag,
    orphaning: flag,
    paused: flag,
    surroundings: text,
    restartPolicy: text,
  },
});

const settings = objectOf<RunnerSettings>({
  needed: {
    runnerCreationConcurrency: count,
    failureBackoffSeconds: listOf(number, 1),
    maxConsecutiveFailures: count,
  },
  optional: {
    deletionDeadlineSeconds: number,
    registrationTimeoutSeconds: number,
    pendingTimeoutSeconds: number,
    imageErrorGraceSeconds: number,
    jobEndGraceSeconds: number,
    cleanUpSurgePercent: number,
    jobProtection: oneOf('budget', 'annotations', 'off'),
  },
});

const sequence = objectOf<Sequence>({ needed: { epoch: number, seq: number }, optional: {} });

type SnapshotPart = NonNullable<RunnerSetObservation['snapshot']>;

const runnerSetObservation = objectOf<RunnerSetObservation>({
  needed: { at: number },
  optional: {
    runnerSet: nullOr(runnerSet),
    runners: listOf(runner),
    gone: listOf(text),
    jobResults: recordOf(text),
    countedOut: number,
    snapshot: objectOf<SnapshotPart>({ needed: { id: number, part: count, parts: count }, optional: {} }),
    settings,
    sequence,
  },
});

const reasonWithMessage = objectOf<{ reason: string; message: string }>({
  needed: { reason: text, message: text },
  optional: {},
});

const childRunnerSet = objectOf<ObservedChildRunnerSet>({
  needed: {
    ...{ name: text, uid: text, replicas: count, scaleSetId: number },
    ...{ pending: number, running: number, failed: number },
  },
  optional: {
    current: flag,
    stale: oneOf('template', 'metadata'),
    busy: flag,
    draining: flag,
    paused: flag,
    deleting: flag,
    phase: text,
    blocked: reasonWithMessage,
  },
});

const childListener = objectOf<ObservedChildListener>({
  needed: { namespace: text, name: text, uid: text, scaleSetId: number },
  optional: {
    current: flag,
    stale: flag,
    deleting: flag,
    ready: objectOf<{ status: string; reason: string; message: string }>({
      needed: { status: text, reason: text, message: text },
      optional: {},
    }),
  },
});

const scaleSet = objectOf<ObservedAutoscalingRunnerSet>({
  needed: { uid: text, generation: number, configUrl: text, specHash: text, gitHubAnnotations: text },
  optional: {
    scaleSetId: number,
    problem: reasonWithMessage,
    left: flag,
    eventual: flag,
    hasFinalizer: flag,
    deleting: flag,
    orphaning: flag,
    paused: flag,
    surroundings: text,
  },
});

const scaleSetObservation = objectOf<AutoscalingRunnerSetObservation>({
  needed: {
    at: number,
    autoscalingRunnerSet: nullOr(scaleSet),
    wanted: text,
    runnerSets: listOf(childRunnerSet),
    listeners: listOf(childListener),
  },
  optional: { snapshot: flag, settings, sequence },
});

const listener = objectOf<ObservedListener>({
  needed: {
    uid: text,
    generation: number,
    specHash: text,
    mode: oneOf('worker', 'pod'),
    configUrl: text,
    autoscalingRunnerSet: objectOf<{ namespace: string; name: string }>({
      needed: { namespace: text, name: text },
      optional: {},
    }),
    scaleSetId: number,
    capacity: either(oneOf('open', 'closed'), count),
  },
  optional: {
    hasFinalizer: flag,
    deleting: flag,
    surroundings: text,
    unused: reasonWithMessage,
    pod: objectOf<ObservedListenerPod>({
      ...podMembers,
      optional: { ...podMembers.optional, deleting: flag },
    }),
  },
});

const listenerObservation = objectOf<ListenerObservation>({
  needed: { at: number, listener: nullOr(listener) },
  optional: { snapshot: flag, settings, sequence },
});

const report = objectOf<ListenerNews>({
  needed: { ready: flag, reason: text, message: text },
  optional: { scaleSetId: number, sessionId: text, incident: reasonWithMessage },
});

/** Of the signal `observe` to an EphemeralRunnerSet's workflow. */
export const runnerSetObservationProblem = (message: unknown): string | undefined =>
  runnerSetObservation(message, 'observation');

/** Of the signal `observe` to an AutoscalingRunnerSet's workflow. */
export const scaleSetObservationProblem = (message: unknown): string | undefined =>
  scaleSetObservation(message, 'observation');

/** Of the signal `observe` to an AutoscalingListener's workflow. */
export const listenerObservationProblem = (message: unknown): string | undefined =>
  listenerObservation(message, 'observation');

/** Of the signal `report` to an AutoscalingListener's workflow. */
export const reportProblem = (message: unknown): string | undefined => report(message, 'report');
