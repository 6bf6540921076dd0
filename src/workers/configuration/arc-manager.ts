import type { ConfigurationNote, ConfigurationProblem, FlagTexts } from './configuration.ts';
import { legacyRemedy } from './arc-flags.ts';
import { SETTINGS } from './settings.ts';

/** What `/manager` is started with. */
export interface ManagerStart {
  flags: FlagTexts;
  env: Readonly<Record<string, string | undefined>>;
}

/** What ARC's manager would do with it, in our settings. */
export interface ManagerReading {
  flags: FlagTexts;
  notes: ConfigurationNote[];
  problems: ConfigurationProblem[];
}

const MODE = 'auto-scaling-runner-set-only';

/** ARC's manager reads its flags with Go's package: one dash does as well as two. */
export const goFlags = (args: readonly string[]): string[] =>
  args.map((arg) => (/^-[a-z][\w-]+(=|$)/.test(arg) ? `-${arg}` : arg));

/** Reads flags and environment as ARC's manager does: what it needs, what it refuses, and its words for a setting. */
export function readAsManager({ flags, env }: ManagerStart): ManagerReading {
  const level = levelWord(flags);
  const strategy = knownStrategy(flags);
  return {
    flags: { ...flags, ...level, ...strategy.flags },
    notes: strategy.notes,
    problems: [...modeProblems(flags), ...legacyVariables(env), ...missing({ flags, env })],
  };
}

/** Of a flag that is given more than once, the last counts. */
const last = (flags: FlagTexts, flag: string): string | undefined => flags[flag]?.at(-1);

const isOn = (text: string): boolean => ['', '1', 't', 'T', 'true', 'TRUE', 'True'].includes(text);

function modeProblems(flags: FlagTexts): ConfigurationProblem[] {
  if (isOn(last(flags, MODE) ?? 'false')) return [];
  const message = `--${MODE}: without it, ARC's manager serves RunnerDeployments and their like, which are not served here; give it, and describe runners by an AutoscalingRunnerSet (chart gha-runner-scale-set).`;
  return [{ source: `--${MODE}`, message }];
}

/** Variables that the legacy mode of ARC's manager is configured by. */
const LEGACY_VARIABLES: readonly string[] = [
  'GITHUB_TOKEN',
  'GITHUB_APP_ID',
  'GITHUB_APP_INSTALLATION_ID',
  'GITHUB_APP_PRIVATE_KEY',
  'GITHUB_URL',
  'GITHUB_UPLOAD_URL',
  'GITHUB_ENTERPRISE_URL',
  'GITHUB_BASICAUTH_USERNAME',
  'GITHUB_BASICAUTH_PASSWORD',
  'GITHUB_RUNNER_GITHUB_URL',
];

const legacyVariables = (env: ManagerStart['env']): ConfigurationProblem[] =>
  LEGACY_VARIABLES.filter((name) => (env[name] ?? '') !== '').map((name) => ({
    source: name,
    message: `${name} ${legacyRemedy(name.toLowerCase().replaceAll('_', '-')) ?? ''}`,
  }));

/** What ARC's manager does not start without. */
function missing({ flags, env }: ManagerStart): ConfigurationProblem[] {
  const needed = [
    {
      ...SETTINGS.controllerNamespace,
      remedy: 'give the namespace of this pod (fieldRef: metadata.namespace)',
    },
    { ...SETTINGS.listenerImage, remedy: "give the image of this pod: listeners' pods run it" },
  ];
  return needed
    .filter((setting) => (last(flags, setting.flag) ?? env[setting.env] ?? '') === '')
    .map(({ env: source, remedy }) => ({ source, message: `${source}: it is not set; ${remedy}.` }));
}

/** Numbers of levels as zap counts them: below 0 is debug. */
const LEVELS = ['info', 'warn', 'error'];

function levelWord(flags: FlagTexts): FlagTexts {
  const { flag } = SETTINGS.logLevel;
  const text = last(flags, flag);
  if (text === undefined || !/^-?\d{1,3}$/.test(text)) return {};
  const level = Number(text);
  return { [flag]: [level < 0 ? 'debug' : (LEVELS[level] ?? 'error')] };
}

/** ARC goes on with its default where it does not know the word. */
function knownStrategy(flags: FlagTexts): { flags: FlagTexts; notes: ConfigurationNote[] } {
  const { flag, read, defaultText, allowed } = SETTINGS.updateStrategy;
  const text = last(flags, flag);
  if (text === undefined || read(text)) return { flags: {}, notes: [] };
  const message = `--${flag} "${text}" is unknown, and ${defaultText} is used; give ${allowed}.`;
  return { flags: { [flag]: [defaultText] }, notes: [{ flag, message }] };
}
