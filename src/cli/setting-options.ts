import { Option } from 'commander';
import { ARC_FLAGS } from '../workers/configuration/arc-flags.ts';
import type { FlagTexts } from '../workers/configuration/configuration.ts';
import type { Setting } from '../workers/configuration/setting.ts';
import type { SettingName } from '../workers/configuration/settings.ts';
import { SETTINGS } from '../workers/configuration/settings.ts';

/** Settings that every command takes. */
export const GLOBAL_SETTINGS = [
  'cluster',
  'kubeconfig',
  'context',
  'temporalAddress',
  'temporalNamespace',
  'temporalProfile',
] as const satisfies SettingName[];

/** The other settings: the worker's own. */
export const WORKER_SETTINGS = (Object.keys(SETTINGS) as SettingName[]).filter(
  (name) => !GLOBAL_SETTINGS.some((global) => global === name),
);

const collect = (text: string, earlier: string[] | undefined): string[] => [...(earlier ?? []), text];

/** The flag of a setting. Its texts are gathered as given; the configuration reads them. */
export function settingOption(name: SettingName): Option {
  const setting: Setting<unknown> = SETTINGS[name];
  const facts = [setting.defaultText && `default: ${setting.defaultText}`, `env: ${setting.env}`].filter(
    Boolean,
  );
  const description = `${setting.description} (${facts.join(', ')})`;
  return new Option(`--${setting.flag} <${setting.placeholder}>`, description).argParser(collect);
}

/** ARC's flags, so that its chart's arguments are understood. Not shown in help. */
export const arcOptions = (): Option[] =>
  ARC_FLAGS.map(({ flag }) => new Option(`--${flag} [value]`).hideHelp().preset('').argParser(collect));

/** The texts of setting flags among parsed options. */
export function flagTexts(options: Record<string, unknown>): FlagTexts {
  const flags = [...Object.values(SETTINGS), ...ARC_FLAGS].map(({ flag }) => flag);
  const given = flags.map((flag) => [flag, options[new Option(`--${flag} <x>`).attributeName()]] as const);
  return Object.fromEntries(given.filter((entry): entry is [string, string[]] => Array.isArray(entry[1])));
}
