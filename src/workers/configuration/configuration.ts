import type { RunnerSettings, ScaleSetOptions } from '../../messages/settings.ts';
import type { ArcFlag } from './arc-flags.ts';
import { ARC_FLAGS, legacyRemedy } from './arc-flags.ts';
import { didYouMean } from './did-you-mean.ts';
import type { Setting } from './setting.ts';
import { ENV_PREFIX } from './setting.ts';
import type { SettingName, WorkerConfiguration } from './settings.ts';
import { SETTINGS } from './settings.ts';

/** Texts given for flags, by flag without dashes, in the order given. */
export type FlagTexts = Readonly<Record<string, readonly string[]>>;

/** Where settings come from; a flag wins over the environment. */
export interface ConfigurationSources {
  flags?: FlagTexts;
  env: Readonly<Record<string, string | undefined>>;
  /** Arguments that no flag is known for. */
  unknownArguments?: readonly string[];
}

/** One setting that cannot be used. */
export interface ConfigurationProblem {
  /** Where the text came from: `--log-level`, or an environment variable. */
  source: string;
  message: string;
}

/** All that is wrong with a configuration, one line each. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly ConfigurationProblem[];

  constructor(problems: readonly ConfigurationProblem[]) {
    super(problems.map(({ message }) => message).join('\n'));
    this.problems = problems;
  }
}

/** A flag that was accepted and does not do what it did in ARC; to be logged once. */
export interface ConfigurationNote {
  flag: string;
  message: string;
}

/**
 * The worker's configuration: flags first, then environment variables, then defaults.
 *
 * @throws ConfigurationError with every unknown, malformed or forbidden setting
 */
export function readConfiguration(sources: ConfigurationSources): {
  configuration: WorkerConfiguration;
  notes: ConfigurationNote[];
} {
  const { flags, notes } = translateArcFlags(sources.flags ?? {});
  const problems = [...unknownFlags(sources.unknownArguments ?? []), ...misspeltVariables(sources.env)];
  const values = readAll(Object.keys(SETTINGS) as SettingName[], { flags, env: sources.env }, problems);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return { configuration: Object.freeze(values) as WorkerConfiguration, notes };
}

/**
 * Some of the settings, for commands that need no more.
 *
 * @throws ConfigurationError
 */
export function readSettings<K extends SettingName>(
  wanted: readonly K[],
  sources: Pick<ConfigurationSources, 'flags' | 'env'>,
): Pick<WorkerConfiguration, K> {
  const problems: ConfigurationProblem[] = [];
  const values = readAll(wanted, { flags: sources.flags ?? {}, env: sources.env }, problems);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return values as Pick<WorkerConfiguration, K>;
}

/** The part that travels with each snapshot to the workflows. */
export const runnerSettingsOf = (configuration: WorkerConfiguration): RunnerSettings => ({
  runnerCreationConcurrency: configuration.runnerCreationConcurrency,
  failureBackoffSeconds: [...configuration.failureBackoffSeconds],
  maxConsecutiveFailures: configuration.maxConsecutiveFailures,
  deletionDeadlineSeconds: configuration.deletionDeadlineMs / 1000,
  registrationTimeoutSeconds: configuration.registrationTimeoutMs / 1000,
  pendingTimeoutSeconds: configuration.pendingTimeoutMs / 1000,
  imageErrorGraceSeconds: configuration.imageErrorGraceMs / 1000,
  jobEndGraceSeconds: configuration.jobEndGraceMs / 1000,
  cleanUpSurgePercent: configuration.cleanUpSurgePercent,
  jobProtection: configuration.jobProtection,
});

/** How the objects of scale sets are made. */
export const scaleSetOptionsOf = (configuration: WorkerConfiguration): ScaleSetOptions => ({
  controllerNamespace: configuration.controllerNamespace,
  listenerImage: configuration.listenerImage,
  listenerPullSecrets: configuration.listenerPullSecrets,
  listenerMode: configuration.listenerMode,
  updateStrategy: configuration.updateStrategy,
});

/** Reads settings; what is wrong goes into `problems`. */
function readAll(
  wanted: readonly SettingName[],
  { flags, env }: { flags: FlagTexts; env: ConfigurationSources['env'] },
  problems: ConfigurationProblem[],
): Record<string, unknown> {
  const entries = wanted.map((key) => {
    const setting: Setting<unknown> = SETTINGS[key];
    const given = textOf(setting, flags, env);
    const read = setting.read(given.text);
    if (!read) problems.push(problemOf(setting, given));
    return [key, read?.value];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

interface GivenText {
  source: string;
  text: string;
}

function textOf(setting: Setting<unknown>, flags: FlagTexts, env: ConfigurationSources['env']): GivenText {
  const given = flags[setting.flag];
  if (given && given.length > 0) {
    const text = setting.repeatable ? given.join(',') : (given.at(-1) ?? '');
    return { source: `--${setting.flag}`, text };
  }
  const variable = env[setting.env];
  if (variable !== undefined && variable !== '') return { source: setting.env, text: variable };
  return { source: 'default', text: setting.defaultText };
}

function problemOf(
  { flag, env, allowed }: Setting<unknown>,
  { source, text }: GivenText,
): ConfigurationProblem {
  const other = source === env ? `--${flag}` : env;
  return { source, message: `${source} (or ${other}): "${text}" is not allowed; give ${allowed}.` };
}

function translateArcFlags(given: FlagTexts): { flags: FlagTexts; notes: ConfigurationNote[] } {
  const flags: Record<string, readonly string[]> = { ...given };
  const notes: ConfigurationNote[] = [];
  for (const arc of ARC_FLAGS) {
    const texts = given[arc.flag];
    if (!texts) continue;
    if ('feeds' in arc) feed(flags, arc, texts);
    const words = 'feeds' in arc ? arc.note : `has no effect: ${arc.ignored}`;
    if (words !== undefined) notes.push({ flag: arc.flag, message: `--${arc.flag} ${words}.` });
  }
  return { flags, notes };
}

/** A setting's own flag wins over ARC's, unless several values can stand beside each other. */
function feed(
  flags: Record<string, readonly string[]>,
  { feeds, convert }: Extract<ArcFlag, { feeds: string }>,
  texts: readonly string[],
): void {
  const own = flags[feeds] ?? [];
  const { repeatable } = Object.values(SETTINGS).find(({ flag }) => flag === feeds) ?? { repeatable: false };
  if (own.length > 0 && !repeatable) return;
  const converted = texts
    .map((text) => (convert ? convert(text) : text))
    .filter((text) => text !== undefined);
  flags[feeds] = [...own, ...converted];
}

const knownFlags = (): string[] => [
  ...Object.values(SETTINGS).map(({ flag }) => `--${flag}`),
  ...ARC_FLAGS.map(({ flag }) => `--${flag}`),
];

function unknownFlags(words: readonly string[]): ConfigurationProblem[] {
  const flags = words.filter((word) => word.startsWith('-'));
  const first = flags.length === 0 ? words.slice(0, 1) : [];
  return [
    ...first.map((word) => ({ source: word, message: `"${word}": the worker takes flags only.` })),
    ...flags.map((word) => {
      const flag = word.split('=')[0] ?? word;
      const legacy = legacyRemedy(flag.replace(/^-+/, ''));
      if (legacy !== undefined) return { source: flag, message: `${flag} ${legacy}` };
      const near = didYouMean(flag, knownFlags());
      const remedy = near ? `did you mean ${near}?` : 'see "temporal-arc worker --help".';
      return { source: flag, message: `${flag}: unknown flag; ${remedy}` };
    }),
  ];
}

/** Kubernetes puts such variables into every pod for a Service that is called temporal-arc or the like. */
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)$/;

/** Variables with our prefix that are nearly one of ours. Others may belong to something else. */
function misspeltVariables(env: ConfigurationSources['env']): ConfigurationProblem[] {
  const known = new Set(Object.values(SETTINGS).map((setting) => setting.env));
  return Object.keys(env)
    .filter((key) => key.startsWith(ENV_PREFIX) && !known.has(key) && !SERVICE_LINK.test(key))
    .flatMap((key) => {
      const near = didYouMean(key, known);
      return near ? [{ source: key, message: `${key}: unknown variable; did you mean ${near}?` }] : [];
    });
}
