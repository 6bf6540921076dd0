import { Type } from 'typebox';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { fitting } from '../api/text-limits.ts';
import type { Int64 } from './transport/json.ts';

/**
 * What the Actions service sends, as schemas from which the types come. Only what a caller cannot do without is
 * required; unknown members are ignored, and a member that is `null` counts as absent.
 */
const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Text = Type.String();
/** A number, or the decimal text that the parser makes of one too large. */
const WireInt64 = Type.Union([Type.Integer(), Type.String({ pattern: '^-?\\d{1,19}$' })]);

/** Read where it is used. */
const Anything = Type.Optional(Type.Unknown());

const LabelSchema = Type.Object({ type: Type.Optional(Text), name: Text });

const StatisticsSchema = Type.Partial(
  Type.Object({
    totalAvailableJobs: Count,
    totalAcquiredJobs: Count,
    totalAssignedJobs: Count,
    totalRunningJobs: Count,
    totalRegisteredRunners: Count,
    totalBusyRunners: Count,
    totalIdleRunners: Count,
  }),
);

const RunnerSchema = Type.Object({
  id: Id,
  name: Text,
  runnerScaleSetId: Type.Optional(Count),
  status: Type.Optional(Type.Unknown()),
});

const RunnerGroupSchema = Type.Object({
  id: Id,
  name: Text,
  size: Type.Optional(Count),
  isDefaultGroup: Type.Optional(Type.Boolean()),
});

const RunnerScaleSetSchema = Type.Object({
  id: Id,
  name: Type.Optional(Text),
  runnerGroupId: Type.Optional(Count),
  runnerGroupName: Type.Optional(Text),
  labels: Type.Optional(Type.Array(LabelSchema)),
  RunnerSetting: Type.Optional(Type.Object({ disableUpdate: Type.Optional(Type.Boolean()) })),
  statistics: Type.Optional(StatisticsSchema),
});

const JitConfigSchema = Type.Object({
  runner: RunnerSchema,
  encodedJITConfig: Type.String({ minLength: 1 }),
});

const SessionSchema = Type.Object({
  sessionId: Type.String({ minLength: 1 }),
  ownerName: Anything,
  messageQueueUrl: Type.Optional(Text),
  messageQueueAccessToken: Type.Optional(Text),
  statistics: Anything,
});

/** Its number is all that cannot be done without: by it, a message is acknowledged. */
const MessageSchema = Type.Object({
  messageId: Type.Union([Count, Type.String({ pattern: '^\\d{1,15}$' })]),
  messageType: Anything,
  body: Anything,
  statistics: Anything,
});

/** What happened must be said; of the rest, what has a wrong type counts as absent. */
const JobSchema = Type.Object({
  messageType: Type.String({ minLength: 1 }),
  runnerRequestId: Anything,
  repositoryName: Anything,
  ownerName: Anything,
  jobId: Anything,
  jobWorkflowRef: Anything,
  jobDisplayName: Anything,
  workflowRunId: Anything,
  eventName: Anything,
  requestLabels: Anything,
  queueTime: Anything,
  scaleSetAssignTime: Anything,
  runnerAssignTime: Anything,
  finishTime: Anything,
  runnerId: Anything,
  runnerName: Anything,
  result: Anything,
});

const listOf = <Item extends TSchema>(item: Item) =>
  Type.Object({ count: Count, value: Type.Optional(Type.Array(item)) });

const RegistrationSchema = Type.Object({
  url: Type.String({ minLength: 1 }),
  token: Type.String({ minLength: 1 }),
});

/** A label of a scale set; `type` is empty where the service does not say. Ours are of the type `System`. */
export type Label = Required<Static<typeof LabelSchema>>;
/** Numbers of a scale set. `totalAssignedJobs` counts waiting and running jobs: the only input to scaling. */
export type RunnerScaleSetStatistics = Required<Static<typeof StatisticsSchema>>;
/** A registered runner. `runnerScaleSetId` is 0 when it belongs to none. */
export interface RunnerReference {
  id: number;
  name: string;
  runnerScaleSetId: number;
  /** Absent where the service does not say. */
  online?: boolean;
}
/** A runner group; `size` is its number of runners, 0 where the service does not say. */
export type RunnerGroup = Required<Static<typeof RunnerGroupSchema>>;

/** A scale set at GitHub. What the service left out is 0 or empty. */
export interface RunnerScaleSet {
  id: number;
  name: string;
  runnerGroupId: number;
  runnerGroupName: string;
  labels: Label[];
  runnerSetting: { disableUpdate: boolean };
  statistics?: RunnerScaleSetStatistics;
}

/** A runner's identity and its start configuration, which is a secret and good for one start. */
export interface JitConfig {
  runner: RunnerReference;
  encodedJITConfig: string;
}

/** A message session as the service describes it. Queue URL and token are secrets. */
export interface SessionState {
  sessionId: string;
  ownerName: string;
  messageQueueUrl: string;
  messageQueueAccessToken: string;
  statistics?: RunnerScaleSetStatistics;
}

/** A message of the queue before its jobs are read (protocol: message queue). */
export interface QueueMessage {
  messageId: number;
  /** Empty where it is no text. */
  messageType: string;
  /** JSON text of an array of job messages; empty where there is none. */
  body: unknown;
  statistics?: RunnerScaleSetStatistics;
  /** What of it made no sense, in words. */
  problems: string[];
}

/** What all job messages say. Times are RFC 3339; a time that is not set is absent. */
interface JobMessage {
  messageType: string;
  runnerRequestId: Int64;
  repositoryName: string;
  ownerName: string;
  jobId: string;
  jobWorkflowRef: string;
  jobDisplayName: string;
  workflowRunId: Int64;
  eventName: string;
  requestLabels: string[];
  queueTime?: string;
  scaleSetAssignTime?: string;
  runnerAssignTime?: string;
  finishTime?: string;
}

/** The service may assign this job to us if we acquire it (Enterprise Server). */
export type JobAvailable = JobMessage;
/** The job is ours and waits for a runner. */
export type JobAssigned = JobMessage;
/** A runner has taken the job. */
export interface JobStarted extends JobMessage {
  runnerId: number;
  runnerName: string;
}
/** The job ended, on a runner or before one took it. */
export interface JobCompleted extends JobStarted {
  /** `succeeded`, `failed`, `canceled`, … */
  result: string;
}

/** Turns parsed JSON into a value of ours. @throws TypeError that names the member */
export type Decode<T> = (value: unknown) => T;

function decoder<Schema extends TSchema, T>(
  schema: Schema,
  convert: (value: Static<Schema>) => T,
): Decode<T> {
  let validator: { Check(value: unknown): boolean; Errors(value: unknown): readonly object[] } | undefined;
  return (value) => {
    validator ??= Compile(schema);
    if (!validator.Check(value)) throw new TypeError(complaint(validator.Errors(value)));
    return convert(value as Static<Schema>);
  };
}

function complaint([first]: readonly { instancePath?: string; message?: string }[]): string {
  const where =
    first?.instancePath === undefined || first.instancePath === '' ? 'the answer' : first.instancePath;
  return `${where} ${first?.message ?? 'has the wrong type'}`;
}

const toStatistics = (statistics: Static<typeof StatisticsSchema>): RunnerScaleSetStatistics => ({
  totalAvailableJobs: statistics.totalAvailableJobs ?? 0,
  totalAcquiredJobs: statistics.totalAcquiredJobs ?? 0,
  totalAssignedJobs: statistics.totalAssignedJobs ?? 0,
  totalRunningJobs: statistics.totalRunningJobs ?? 0,
  totalRegisteredRunners: statistics.totalRegisteredRunners ?? 0,
  totalBusyRunners: statistics.totalBusyRunners ?? 0,
  totalIdleRunners: statistics.totalIdleRunners ?? 0,
});

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/**
 * Statistics from whatever stands in their place; `undefined` when they do not say how many jobs are assigned, which is
 * what they are read for. What is known from before then goes on.
 */
function usableStatistics(value: unknown): RunnerScaleSetStatistics | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const counts = Object.entries(value).filter(([, count]) => isCount(count));
  const statistics: Partial<RunnerScaleSetStatistics> = Object.fromEntries(counts);
  return statistics.totalAssignedJobs === undefined ? undefined : toStatistics(statistics);
}

const withStatistics = (
  statistics?: Static<typeof StatisticsSchema>,
): { statistics?: RunnerScaleSetStatistics } => (statistics ? { statistics: toStatistics(statistics) } : {});

/** By its name, or by its number in the service's enumeration. */
const ONLINE = new Map<unknown, boolean>([
  ['online', true],
  ['offline', false],
  [2, true],
  [1, false],
]);

function toRunner({ id, name, runnerScaleSetId = 0, status }: Static<typeof RunnerSchema>): RunnerReference {
  const online = ONLINE.get(typeof status === 'string' ? status.toLowerCase() : status);
  return { id, name, runnerScaleSetId, ...(online !== undefined && { online }) };
}

const toRunnerGroup = (group: Static<typeof RunnerGroupSchema>): RunnerGroup => ({
  id: group.id,
  name: group.name,
  size: group.size ?? 0,
  isDefaultGroup: group.isDefaultGroup ?? false,
});

const toScaleSet = (set: Static<typeof RunnerScaleSetSchema>): RunnerScaleSet => ({
  id: set.id,
  name: set.name ?? '',
  runnerGroupId: set.runnerGroupId ?? 0,
  runnerGroupName: set.runnerGroupName ?? '',
  labels: (set.labels ?? []).map(({ type = '', name }) => ({ type, name })),
  runnerSetting: { disableUpdate: set.RunnerSetting?.disableUpdate ?? false },
  ...withStatistics(set.statistics),
});

/** Services of different versions spell `RunnerSetting` in different cases. */
function withRunnerSetting(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || 'RunnerSetting' in value) return value;
  const found = Object.entries(value).find(([name]) => name.toLowerCase() === 'runnersetting');
  return found ? { ...value, RunnerSetting: found[1] as unknown } : value;
}

/**
 * The one item of a by-name lookup, or `undefined`. `count` decides, not the array's length.
 *
 * @throws TypeError when several have the name
 */
const single =
  <Item>(plural: string) =>
  ({ count, value = [] }: { count: number; value?: Item[] }): Item | undefined => {
    if (count === 0) return undefined;
    if (count > 1) throw new TypeError(`it lists multiple ${plural} of one name`);
    if (value[0] === undefined) throw new TypeError('/count says one, but /value has none');
    return value[0];
  };

const optionally = <In, Out>(value: In | undefined, convert: (value: In) => Out): Out | undefined =>
  value === undefined ? undefined : convert(value);

/** One runner. Like all decoders it throws TypeError, with the path of the member that is wrong. */
export const decodeRunner = decoder(RunnerSchema, toRunner);

/** The runner of a by-name lookup, `undefined` if there is none. */
export const decodeRunnerList = decoder(listOf(RunnerSchema), (list) =>
  optionally(single<Static<typeof RunnerSchema>>('runners')(list), toRunner),
);

/** The runner group of a by-name lookup, `undefined` if there is none. */
export const decodeRunnerGroupList = decoder(listOf(RunnerGroupSchema), (list) =>
  optionally(single<Static<typeof RunnerGroupSchema>>('runner groups')(list), toRunnerGroup),
);

const decodeScaleSetStrictly = decoder(RunnerScaleSetSchema, toScaleSet);

/** One scale set, in whatever case the service spells `RunnerSetting`. */
export const decodeScaleSet: Decode<RunnerScaleSet> = (value) =>
  decodeScaleSetStrictly(withRunnerSetting(value));

const decodeAnyList = decoder(listOf(Type.Unknown()), single<unknown>('runner scale sets'));

/** The scale set of a by-name lookup, `undefined` if there is none. */
export const decodeScaleSetList: Decode<RunnerScaleSet | undefined> = (value) =>
  optionally(decodeAnyList(value), decodeScaleSet);

/** A runner that was registered, and its JIT config. */
export const decodeJitConfig: Decode<JitConfig> = decoder(
  JitConfigSchema,
  ({ runner, encodedJITConfig }) => ({
    runner: toRunner(runner),
    encodedJITConfig,
  }),
);

/** URL and token of the Actions service, as the registration returns them. The token is a secret. */
export const decodeRegistration = decoder(RegistrationSchema, ({ url, token }) => ({ url, token }));

/** A session that was created or refreshed. */
export const decodeSession: Decode<SessionState> = decoder(SessionSchema, (session) => {
  const statistics = usableStatistics(session.statistics);
  return {
    sessionId: session.sessionId,
    ownerName: textIn(session.ownerName),
    messageQueueUrl: session.messageQueueUrl ?? '',
    messageQueueAccessToken: session.messageQueueAccessToken ?? '',
    ...(statistics && { statistics }),
  };
});

/** One message of the queue; its body is still text. */
export const decodeMessage: Decode<QueueMessage> = decoder(MessageSchema, (message) => {
  const statistics = usableStatistics(message.statistics);
  const isOdd = message.statistics !== undefined && !statistics;
  return {
    messageId: Number(message.messageId),
    messageType: textIn(message.messageType),
    body: message.body ?? '',
    ...(statistics && { statistics }),
    problems: isOdd ? ['its statistics do not say how many jobs are assigned'] : [],
  };
});

/** Ids of the jobs that an acquire call really got. */
export const decodeAcquired: Decode<Int64[]> = decoder(listOf(WireInt64), ({ value = [] }) =>
  value.map(String),
);

const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Of a job, for people and metrics. */
const shownIn = (value: unknown): string => fitting(textIn(value), 'name');

/** The parser makes decimal text of what a number cannot hold. */
const int64In = (value: unknown): Int64 =>
  Number.isSafeInteger(value) || /^-?\d{1,19}$/.test(textIn(value)) ? String(value) : '0';

const UNSET = /^0001-01-01T00:00:00/;

const time = <Name extends string>(name: Name, value: unknown): Partial<Record<Name, string>> => {
  const text = textIn(value);
  const isSet = !UNSET.test(text) && !Number.isNaN(Date.parse(text));
  return isSet ? ({ [name]: text } as Partial<Record<Name, string>>) : {};
};

/** A job message of any type, with the members of the richest one; those that it does not have are zero or empty. */
export const decodeJob: Decode<JobCompleted> = decoder(JobSchema, (job) => {
  const labels: unknown[] = Array.isArray(job.requestLabels) ? job.requestLabels : [];
  return {
    messageType: job.messageType,
    runnerRequestId: int64In(job.runnerRequestId),
    repositoryName: shownIn(job.repositoryName),
    ownerName: shownIn(job.ownerName),
    jobId: shownIn(job.jobId),
    jobWorkflowRef: shownIn(job.jobWorkflowRef),
    jobDisplayName: shownIn(job.jobDisplayName),
    workflowRunId: int64In(job.workflowRunId),
    eventName: shownIn(job.eventName),
    requestLabels: labels.filter((label) => typeof label === 'string'),
    ...time('queueTime', job.queueTime),
    ...time('scaleSetAssignTime', job.scaleSetAssignTime),
    ...time('runnerAssignTime', job.runnerAssignTime),
    ...time('finishTime', job.finishTime),
    runnerId: isCount(job.runnerId) ? job.runnerId : 0,
    runnerName: shownIn(job.runnerName),
    result: fitting(textIn(job.result), 'word'),
  };
});
