import type { Setting } from '../../src/workers/configuration/setting.ts';
import type { SettingName } from '../../src/workers/configuration/settings.ts';
import { SETTINGS } from '../../src/workers/configuration/settings.ts';

/** Settings that have a value of their own in the chart, or that a pod has from elsewhere. All others stand below `settings`. */
export const ELSEWHERE: Partial<Record<SettingName, string>> = {
  cluster: '`temporal.cluster`',
  temporalAddress: '`temporal.address`',
  temporalNamespace: '`temporal.namespace`',
  temporalProfile: '`env` (`TEMPORAL_PROFILE`, `TEMPORAL_CONFIG_FILE`)',
  kubeconfig: "the pod's ServiceAccount",
  context: "the pod's ServiceAccount",
  controllerNamespace: 'the namespace of the release, or `namespaceOverride`',
  listenerImage: '`image`',
  listenerPullSecrets: '`imagePullSecrets`',
  listenerEntrypoint: '`env` (`LISTENER_ENTRYPOINT`)',
  updateStrategy: '`flags.updateStrategy`',
  excludeLabelPropagationPrefixes: '`flags.excludeLabelPropagationPrefixes`',
  logLevel: '`flags.logLevel`',
  logFormat: '`flags.logFormat`',
  metricsAddress: '`metrics.controllerManagerAddr`',
  listenerMetricsAddress: '`metrics.listenerAddr`',
  listenerMetricsEndpoint: '`metrics.listenerEndpoint`',
  healthAddress: '`flags.healthProbeBindAddress`',
};

/** What a setting is called below `settings`: its flag in camel case. */
export const valueOf = ({ flag }: Pick<Setting<unknown>, 'flag'>): string =>
  flag.replace(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase());

/** The settings below `settings`. */
export const chartSettings = (): Setting<unknown>[] =>
  (Object.keys(SETTINGS) as SettingName[])
    .filter((name) => !(name in ELSEWHERE))
    .map((name) => SETTINGS[name] as Setting<unknown>);
