import type { ObservedPod, ObservedRunner } from '../../messages/observations.ts';
import { byteLength } from '../../api/text-limits.ts';
import type { RunnerState } from './runner.ts';
import { Runners } from './runners.ts';
import type { RunnerSetState } from './state.ts';

/**
 * The state in the form that is carried over continue-as-new: a runner is a short line, names lose their common prefix,
 * and revisions and texts are numbers into a table, so that 10,000 runners stay well under the limit of 2 MiB.
 */
export interface CarriedState extends Omit<RunnerSetState, 'runners' | 'placedBy'> {
  prefix: string;
  /** Texts that runners refer to by number: revisions, reasons, messages. */
  texts: string[];
  runners: PackedRunner[];
  /** How many values a runner has of itself, and of what was seen of it. Absent: it was carried before there were more. */
  widths?: [number, number];
}

/**
 * Values in the order of `RUNNER_FIELDS`, then, if it was seen, of `SEEN_FIELDS`, then, if it has a pod, of `POD_FIELDS`,
 * separated by bars; empty means absent. No value contains a bar or an asterisk: they are names, uids and numbers.
 */
type PackedRunner = string;

/** Before widths were carried. */
const FIRST_WIDTHS = [25, 9] as const;

/** New fields come last, so that what an older version carried is still understood. Likewise below. */
const RUNNER_FIELDS = [
  ['name', 'name'],
  ['doing', 'text'],
  ['madeAt', 'number'],
  ['runnerId', 'number'],
  ['begun', 'flag'],
  ['podSeen', 'flag'],
  ['spentPod', 'string'],
  ['runningSince', 'number'],
  ['pendingSince', 'number'],
  ['stuckSince', 'number'],
  ['onlineAt', 'number'],
  ['missing', 'text'],
  ['missingSince', 'number'],
  ['missed', 'flag'],
  ['protected', 'flag'],
  ['end', 'text'],
  ['reason', 'text'],
  ['message', 'text'],
  ['heldByJob', 'flag'],
  ['notBefore', 'number'],
  ['settled', 'flag'],
  ['retired', 'flag'],
  ['absent', 'flag'],
  ['published', 'text'],
  ['failures', 'number'],
  ['jobResult', 'text'],
  ['jobEndedAt', 'number'],
  ['outlived', 'flag'],
  ['endedAt', 'number'],
  ['settledIn', 'flag'],
  ['used', 'flag'],
  ['unused', 'flag'],
  ['failedAt', 'number'],
  ['replaced', 'flag'],
  ['foundAt', 'number'],
] as const satisfies Fields<Omit<RunnerState, 'seen'>>;

const SEEN_FIELDS = [
  ['revision', 'text'],
  ['patchId', 'number'],
  ['createdAt', 'number'],
  ['runnerId', 'number'],
  ['phase', 'text'],
  ['ready', 'flag'],
  ['hasJob', 'flag'],
  ['standalone', 'flag'],
  ['deleting', 'flag'],
  ['jobResult', 'text'],
  ['goneUid', 'string'],
  ['uid', 'string'],
  ['orphaning', 'flag'],
] as const satisfies Fields<Omit<ObservedRunner, 'name' | 'pod'>>;

const POD_FIELDS = [
  ['uid', 'string'],
  ['phase', 'text'],
  ['ready', 'flag'],
  ['ended', 'flag'],
  ['exitCode', 'number'],
  ['disrupted', 'flag'],
  ['going', 'flag'],
  ['stuck', 'flag'],
  ['waitsForNode', 'flag'],
  ['reason', 'text'],
  ['message', 'text'],
] as const satisfies Fields<ObservedPod>;

type Kind = 'name' | 'text' | 'string' | 'number' | 'flag';
type Fields<T> = readonly (readonly [keyof T & string, Kind])[];

/** Members of `T` that its table does not name. */
type Missing<T, F extends Fields<T>> = Exclude<keyof T, F[number][0]>;

/** Compiles to `never`, which nothing can be, when a field is in a type but in no table: it would be lost. */
type Whole<M> = [M] extends [never] ? true : never;
/** @public Nobody reads it: that it compiles says that no field is forgotten. */
export const NOTHING_IS_LOST: [
  Whole<Missing<Omit<RunnerState, 'seen'>, typeof RUNNER_FIELDS>>,
  Whole<Missing<Omit<ObservedRunner, 'name' | 'pod'>, typeof SEEN_FIELDS>>,
  Whole<Missing<ObservedPod, typeof POD_FIELDS>>,
] = [true, true, true];

/** Temporal takes 2 MiB; beside the state there are signals that have come in. */
const MOST_BYTES = 1.7 * 1024 * 1024;

/** Whether Temporal takes a state, with all that is in it: its Events, its messages. Some 13,000 runners fit. */
export const canBeCarried = (carried: CarriedState): boolean =>
  byteLength(JSON.stringify(carried)) <= MOST_BYTES;

/** Events that are carried where the state is too large otherwise. */
const FEW_EVENTS = 50;

/**
 * The state as it is carried: without its runners' messages, which the cluster tells again, where they are too long, and
 * with a few of the Events that wait, where there is no room for them all.
 */
export function packState(state: RunnerSetState, prefix: string): CarriedState {
  const whole = pack(state, prefix, (runner) => runner);
  if (canBeCarried(whole)) return whole;
  const short = pack(state, prefix, withoutMessages);
  return canBeCarried(short) ? short : { ...short, events: short.events.slice(0, FEW_EVENTS) };
}

function withoutMessages({ message: _message, seen, ...rest }: Readonly<RunnerState>): RunnerState {
  if (!seen?.pod) return { ...rest, ...(seen && { seen }) };
  const { message: _words, ...pod } = seen.pod;
  return { ...rest, seen: { ...seen, pod } };
}

function pack(
  state: RunnerSetState,
  prefix: string,
  shorten: (runner: Readonly<RunnerState>) => Readonly<RunnerState>,
): CarriedState {
  const texts = new Map<string, number>();
  const put = (value: unknown, kind: Kind): string => {
    if (value === undefined) return '';
    if (kind === 'flag') return value ? '1' : '0';
    if (kind === 'name') return withoutPrefix(value as string, prefix);
    if (kind === 'number') return (value as number).toString(BASE);
    const text = value as string;
    if (kind === 'string') return shortenUid(text);
    if (!texts.has(text)) texts.set(text, texts.size);
    return String(texts.get(text));
  };
  const runners = [...state.runners.values()].map((runner) => packRunner(shorten(runner), put));
  const widths: [number, number] = [RUNNER_FIELDS.length, SEEN_FIELDS.length];
  const { placedBy: _derived, ...rest } = state;
  return { ...rest, prefix, runners, texts: [...texts.keys()], widths };
}

function packRunner(
  runner: Readonly<RunnerState>,
  put: (value: unknown, kind: Kind) => string,
): PackedRunner {
  const { seen } = runner;
  const values = RUNNER_FIELDS.map(([field, kind]) => put(runner[field], kind));
  if (seen) values.push(...SEEN_FIELDS.map(([field, kind]) => put(seen[field], kind)));
  if (seen?.pod) {
    const { pod } = seen;
    values.push(...POD_FIELDS.map(([field, kind]) => put(pod[field], kind)));
  }
  return values.join('|').replaceAll(ABSENT, (bars) => `|*${bars.length.toString(BASE)}*`);
}

/** Most of what may be known of a runner is not: bars in a row are counted. */
const ABSENT = /\|{4,}/g;
const COUNTED = /\|\*([0-9a-z]+)\*/g;

const valuesOf = (packed: PackedRunner): string[] =>
  packed.replaceAll(COUNTED, (_all, count: string) => '|'.repeat(parseInt(count, BASE))).split('|');

/** Times have thirteen digits, uids 32: in this base, two thirds. */
const BASE = 36;

const UID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A uid as Kubernetes makes them, in fewer characters; any other as it is. */
const shortenUid = (text: string): string =>
  UID.test(text) ? `~${BigInt(`0x${text.replaceAll('-', '')}`).toString(BASE)}` : text;

function lengthenUid(text: string): string {
  if (!text.startsWith('~')) return text;
  let number = 0n;
  for (const digit of text.slice(1)) number = number * BigInt(BASE) + BigInt(parseInt(digit, BASE));
  return number
    .toString(16)
    .padStart(32, '0')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const withoutPrefix = (name: string, prefix: string): string =>
  name.startsWith(prefix) ? `+${name.slice(prefix.length)}` : `=${name}`;

/** The state as it was before it was carried. */
export function unpackState({
  prefix,
  texts,
  runners,
  widths = [...FIRST_WIDTHS],
  ...rest
}: CarriedState): RunnerSetState {
  const [seenAt, seenWidth] = widths;
  const podAt = seenAt + seenWidth;
  const take = (value: string, kind: Kind): unknown => {
    if (kind === 'flag') return value === '1';
    if (kind === 'name') return lengthen(value, prefix);
    if (kind === 'string') return lengthenUid(value);
    return kind === 'text' ? texts[Number(value)] : parseInt(value, BASE);
  };
  const read = (values: string[], fields: readonly (readonly [string, Kind])[]): object =>
    Object.fromEntries(
      fields.flatMap(([field, kind], i) => (values[i] ? [[field, take(values[i], kind)] as const] : [])),
    );
  const unpackRunner = (packed: PackedRunner): RunnerState => {
    const values = valuesOf(packed);
    const runner = read(values.slice(0, seenAt), RUNNER_FIELDS) as RunnerState;
    if (values.length <= seenAt) return runner;
    runner.seen = { ...read(values.slice(seenAt, podAt), SEEN_FIELDS), name: runner.name } as ObservedRunner;
    if (values.length > podAt) runner.seen.pod = read(values.slice(podAt), POD_FIELDS) as ObservedPod;
    return runner;
  };
  return { ...rest, runners: new Runners(runners.map(unpackRunner)) };
}

const lengthen = (short: string, prefix: string): string =>
  short.startsWith('+') ? prefix + short.slice(1) : short.slice(1);
