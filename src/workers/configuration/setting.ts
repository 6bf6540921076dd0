/** One setting of the program: how it is called, what it may hold, and how its text is read. */
export interface Setting<T> {
  /** Heading in help and documentation. */
  readonly group: string;
  /** Without the leading dashes. */
  readonly flag: string;
  readonly env: string;
  /** Placeholder of the value in help: `duration`, `n`, … */
  readonly placeholder: string;
  readonly description: string;
  /** Default as one would write it; empty when there is none. */
  readonly defaultText: string;
  /** What is allowed, for error messages: "a whole number from 1 to 500". */
  readonly allowed: string;
  /** May be given several times; the texts are joined by commas. */
  readonly repeatable: boolean;
  /** Reads a text; `undefined` when it is not allowed. `''` stands for "not given" when there is no default. */
  readonly read: (text: string) => { value: T } | undefined;
}

/** What a setting's text is read as. */
export type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** What a table entry says itself; the kind of setting adds the rest. */
interface Entry {
  group: string;
  flag: string;
  /** Derived from the flag unless given. */
  env?: string;
  description: string;
}

/** Where an endpoint listens; an empty host means every interface, port 0 a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Begins every environment variable that stands for a flag. */
export const ENV_PREFIX = 'TEMPORAL_ARC_';

const envOf = (flag: string): string => ENV_PREFIX + flag.toUpperCase().replaceAll('-', '_');

type Kind<T> = Pick<Setting<T>, 'placeholder' | 'allowed' | 'read'> & { repeatable?: boolean };

const setting = <T>({ env, ...entry }: Entry, defaultText: string, kind: Kind<T>): Setting<T> => ({
  repeatable: false,
  ...entry,
  ...kind,
  env: env ?? envOf(entry.flag),
  defaultText,
});

interface Range {
  min: number;
  max: number;
}

/** A whole number from `min` to `max`. */
export function wholeNumber(entry: Entry & Range & { default: number }): Setting<number> {
  const { min, max, default: value, ...rest } = entry;
  return setting(rest, String(value), {
    placeholder: 'n',
    allowed: `a whole number from ${min} to ${max}`,
    read: (text) => within(/^\d+$/.test(text) ? Number(text) : NaN, { min, max }),
  });
}

/** Kept in milliseconds; `min` and `max` too. */
export function duration(entry: Entry & Range & { default: string }): Setting<number> {
  const { min, max, default: text, ...rest } = entry;
  return setting(rest, text, {
    placeholder: 'duration',
    allowed: `a duration from ${durationText(min)} to ${durationText(max)}, such as 90s or 10m`,
    read: (given) => within(parseDuration(given) ?? NaN, { min, max }),
  });
}

/** Several durations in ascending tries, kept in seconds; a bare number is seconds. */
export function secondsTable(entry: Entry & { default: string }): Setting<readonly number[]> {
  const { default: text, ...rest } = entry;
  return setting(rest, text, {
    placeholder: 'seconds,…',
    allowed: '1 to 20 durations of at most 1h, separated by commas, such as 5,10,20 or 5s,1m',
    read: (given) => {
      const table = listOf(given).map((item) => secondsOf(item));
      const fits = table.length >= 1 && table.length <= 20 && table.every((one) => one >= 0 && one <= 3600);
      return fits ? { value: Object.freeze(table) } : undefined;
    },
  });
}

/** One of a few words. */
export function oneOf<const V extends string>(
  entry: Entry & { values: readonly V[]; default: NoInfer<V> },
): Setting<V> {
  const { values, default: text, ...rest } = entry;
  return setting(rest, text, {
    placeholder: values.join('|'),
    allowed: `one of ${values.join(', ')}`,
    read: (given) => {
      const value = values.find((one) => one === given);
      return value === undefined ? undefined : { value };
    },
  });
}

/** `:8080`, `127.0.0.1:8080`, `[::1]:8080`; `0` or nothing is off and read as `undefined`. */
export function listenAddress(entry: Entry & { default: string }): Setting<ListenAddress | undefined> {
  const { default: text, ...rest } = entry;
  return setting(rest, text, {
    placeholder: 'address',
    allowed: '"host:port" or ":port", such as :8080, or 0 for none',
    read: (given) => {
      if (given === '0' || given === '') return { value: undefined };
      const [, ipv6, host, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]*)):(\d{1,5})$/.exec(given) ?? [];
      const port = Number(digits);
      return port <= 65_535 ? { value: Object.freeze({ host: ipv6 ?? host ?? '', port }) } : undefined;
    },
  });
}

interface Pattern {
  pattern: RegExp;
  allowed: string;
  placeholder: string;
}

/** A text of a given pattern. */
export function name(entry: Entry & Pattern & { default: string }): Setting<string> {
  const { pattern, allowed, placeholder, default: text, ...rest } = entry;
  const read = (given: string) => (pattern.test(given) ? { value: given } : undefined);
  return setting(rest, text, { placeholder, allowed, read });
}

/** Read as `undefined` when it is not given. */
export function optionalText(
  entry: Entry & { placeholder: string; allowed?: string; pattern?: RegExp },
): Setting<string | undefined> {
  const { placeholder, allowed = 'any text', pattern = /./, ...rest } = entry;
  return setting<string | undefined>(rest, '', {
    placeholder,
    allowed,
    read: (given) =>
      given === '' ? { value: undefined } : pattern.test(given) ? { value: given } : undefined,
  });
}

/** Several names, by repeating the flag or with commas between; doubles count once. */
export function names(entry: Entry & Pattern): Setting<readonly string[]> {
  const { pattern, allowed, placeholder, ...rest } = entry;
  return setting(rest, '', {
    placeholder,
    allowed,
    repeatable: true,
    read: (given) => {
      const items = [...new Set(listOf(given))];
      return items.every((item) => pattern.test(item)) ? { value: Object.freeze(items) } : undefined;
    },
  });
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `500ms`, `90s`, `1m30s`, `1.5h` in milliseconds; `undefined` when it is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  return Math.round(parts.reduce((sum, [, n, unit]) => sum + Number(n) * (UNITS[unit ?? ''] ?? NaN), 0));
}

function durationText(ms: number): string {
  const unit = (['h', 'm', 's'] as const).find((one) => ms % (UNITS[one] ?? 1) === 0 && ms > 0) ?? 'ms';
  return `${ms / (UNITS[unit] ?? 1)}${unit}`;
}

const secondsOf = (text: string): number =>
  /^\d+(\.\d+)?$/.test(text) ? Number(text) : (parseDuration(text) ?? NaN) / 1000;

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

const within = (value: number, { min, max }: Range): { value: number } | undefined =>
  value >= min && value <= max ? { value } : undefined;
