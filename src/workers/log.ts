import type { LogLevel, LogMetadata, Logger as TemporalLogger } from '@temporalio/common';
import { redact } from '../api/redact.ts';

type LogFormat = 'text' | 'json';

/** A structured logger; also serves as the logger of Temporal's Runtime. Everything is redacted before it is written. */
export interface Logger extends TemporalLogger {
  /** The same logger with facts that stand in each of its lines. */
  child(facts: LogMetadata): Logger;
}

/** How log lines are written. */
export interface LoggerOptions {
  level?: Lowercase<LogLevel>;
  format?: LogFormat;
  /** Takes one line without its end; standard error unless given. */
  write?: (line: string) => void;
  clock?: () => Date;
}

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'] as const satisfies LogLevel[];

/** `level` and those above it are written. JSON lines have the keys of ARC's: `severity`, `ts`, `logger`, `message`. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = 'info', format = 'text', clock = () => new Date() } = options;
  const write = options.write ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const least = LEVELS.indexOf(level.toUpperCase() as LogLevel);
  const line = format === 'json' ? jsonLine : textLine;

  const withFacts = (own: LogMetadata): Logger => {
    const log = (severity: LogLevel, message: string, facts: LogMetadata = {}): void => {
      if (LEVELS.indexOf(severity) < least) return;
      const clean = redactFacts({ ...own, ...facts });
      write(line({ ts: clock().toISOString(), severity, message: redact(message), facts: clean }));
    };
    return {
      log,
      trace: (message, facts) => log('TRACE', message, facts),
      debug: (message, facts) => log('DEBUG', message, facts),
      info: (message, facts) => log('INFO', message, facts),
      warn: (message, facts) => log('WARN', message, facts),
      error: (message, facts) => log('ERROR', message, facts),
      child: (facts) => withFacts({ ...own, ...facts }),
    };
  };
  return withFacts({});
}

interface Line {
  ts: string;
  severity: LogLevel;
  message: string;
  facts: Record<string, unknown>;
}

const jsonLine = ({ ts, severity, message, facts }: Line): string =>
  JSON.stringify({ ...facts, severity: severity.toLowerCase(), ts, logger: loggerOf(facts), message });

function textLine({ ts, severity, message, facts }: Line): string {
  const given = Object.entries(facts).filter(([, value]) => value !== undefined);
  const words = given.map(([key, value]) => `${key}=${wordOf(value)}`);
  return [ts, severity.padEnd(5), message.replaceAll('\n', '\\n'), ...words].join(' ');
}

/** Temporal's SDK names the part that speaks `sdkComponent`. */
const loggerOf = ({ logger, sdkComponent }: Record<string, unknown>): string =>
  [logger, sdkComponent].find((name) => typeof name === 'string') ?? 'worker';

function wordOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[\w./:@+-]+$/.test(text) ? text : JSON.stringify(text);
}

const REDACTED = '[redacted]';

/** Fields that hold a secret whatever it looks like. `githubConfigSecret` and the like hold names. */
const SECRET_FIELD =
  /(token|password|passphrase|private_?key|api_?key|jit_?config|authorization|credentials?)$/i;

/** How deep facts are followed; what lies deeper is shown as `…`. */
const DEEPEST = 6;

function redactFacts(facts: LogMetadata): Record<string, unknown> {
  return redactValue(facts, DEEPEST) as Record<string, unknown>;
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toJSON();
  if (depth === 0) return '…';
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth - 1));
  const entries = Object.entries(isError(value) ? factsOf(value) : value);
  return Object.fromEntries(
    entries.map(([key, item]) => [
      key,
      SECRET_FIELD.test(key) && item ? REDACTED : redactValue(item, depth - 1),
    ]),
  );
}

/** By its shape: errors of Node itself need not be of this realm's `Error`. */
const isError = (value: object): value is Error => 'stack' in value && 'message' in value;

const factsOf = ({ name, message, stack, cause }: Error): Record<string, unknown> => ({
  name,
  message,
  stack,
  ...(cause === undefined ? {} : { cause }),
});
