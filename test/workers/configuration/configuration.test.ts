import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FlagTexts } from '../../../src/workers/configuration/configuration.ts';
import {
  ConfigurationError,
  readConfiguration,
  readSettings,
  runnerSettingsOf,
} from '../../../src/workers/configuration/configuration.ts';
import { didYouMean } from '../../../src/workers/configuration/did-you-mean.ts';
import type { Setting } from '../../../src/workers/configuration/setting.ts';
import { parseDuration } from '../../../src/workers/configuration/setting.ts';
import { SETTINGS } from '../../../src/workers/configuration/settings.ts';

const read = (flags: FlagTexts = {}, env: Record<string, string> = {}) => readConfiguration({ flags, env });

const problemsOf = (flags: FlagTexts, env: Record<string, string> = {}): string[] => {
  try {
    read(flags, env);
  } catch (error) {
    return (error as ConfigurationError).problems.map(({ message }) => message);
  }
  return [];
};

describe('readConfiguration', () => {
  it('has a default for every setting', () => {
    const { configuration, notes } = read();
    expect(notes).toEqual([]);
    expect(configuration).toMatchObject({
      cluster: 'default',
      runnerCreationConcurrency: 10,
      failureBackoffSeconds: [5, 10, 20, 40, 80],
      maxConsecutiveFailures: 5,
      watchNamespaces: [],
      kubernetesConnections: 20,
      metricsAddress: { host: '', port: 8080 },
      healthAddress: { host: '', port: 8081 },
      logLevel: 'info',
      shutdownGraceMs: 3_000,
      maxCachedWorkflows: 1000,
      snapshotIntervalMs: 1_800_000,
    });
    expect(configuration.kubeconfig).toBeUndefined();
    expect(Object.keys(configuration)).toEqual(Object.keys(SETTINGS));
    expect(Object.isFrozen(configuration)).toBe(true);
    expect(runnerSettingsOf(configuration)).toEqual({
      runnerCreationConcurrency: 10,
      failureBackoffSeconds: [5, 10, 20, 40, 80],
      maxConsecutiveFailures: 5,
      deletionDeadlineSeconds: 300,
      registrationTimeoutSeconds: 300,
      pendingTimeoutSeconds: 900,
      imageErrorGraceSeconds: 60,
      jobEndGraceSeconds: 60,
      cleanUpSurgePercent: 50,
      jobProtection: 'budget',
    });
  });

  it('lets a flag win over a variable, and a variable over the default', () => {
    const env = { TEMPORAL_ARC_CLUSTER: 'west', TEMPORAL_ARC_LOG_LEVEL: 'warn', TEMPORAL_ARC_LOG_FORMAT: '' };
    expect(read({ cluster: ['east'] }, env).configuration).toMatchObject({
      cluster: 'east',
      logLevel: 'warn',
      logFormat: 'text',
    });
  });

  it('takes the last of a repeated flag, and all of one that may be repeated', () => {
    const flags = { cluster: ['a', 'b'], 'watch-namespace': ['x,y', 'z', 'x'] };
    expect(read(flags).configuration).toMatchObject({ cluster: 'b', watchNamespaces: ['x', 'y', 'z'] });
  });

  it.each([
    ['0', undefined],
    ['', { host: '', port: 8080 }],
    ['127.0.0.1:9090', { host: '127.0.0.1', port: 9090 }],
    ['[::1]:9090', { host: '::1', port: 9090 }],
    [':0', { host: '', port: 0 }],
  ])('reads the address %p', (text, address) => {
    expect(read({}, { TEMPORAL_ARC_METRICS_ADDR: text }).configuration.metricsAddress).toEqual(address);
  });

  it.each([
    ['runner-creation-concurrency', ['0', '501', '-1', '1.5', '1e2', 'many', ' 7']],
    ['cluster', ['', 'Upper', 'a/b', '-a', 'a'.repeat(64)]],
    ['failure-backoff', ['', 'x', '5,-1', '5,2h', Array(21).fill('1').join(',')]],
    ['snapshot-interval', ['600', '1s', '10 m', '25h']],
    ['metrics-addr', ['8080', ':99999', 'http://x:1', 'a b:1']],
    ['log-level', ['INFO', '3', 'warning']],
    ['watch-namespace', ['a_b', 'a,B']],
    ['temporal-address', ['localhost', 'http://localhost:7233/']],
  ])('refuses %s %j, naming flag, variable, value and what is allowed', (flag, texts) => {
    for (const text of texts) {
      const { env, allowed } = Object.values(SETTINGS).find((one) => one.flag === flag) as Setting<unknown>;
      expect(problemsOf({ [flag]: [text] })).toEqual([
        `--${flag} (or ${env}): "${text}" is not allowed; give ${allowed}.`,
      ]);
    }
  });

  it('names the variable first when the value came from there', () => {
    expect(problemsOf({}, { TEMPORAL_ARC_LOG_LEVEL: 'loud' })[0]).toMatch(
      /^TEMPORAL_ARC_LOG_LEVEL \(or --log-level\): "loud"/,
    );
  });

  it('reports all problems together', () => {
    expect(
      problemsOf({ 'log-level': ['x'], 'log-format': ['y'] }, { TEMPORAL_ARC_CLUSTR: 'z' }),
    ).toHaveLength(3);
  });

  it("lets alone Kubernetes' service variables and those that resemble none of ours", () => {
    const env = {
      TEMPORAL_ARC_SERVICE_HOST: '10.0.0.1',
      TEMPORAL_ARC_PORT: 'tcp://10.0.0.1:8080',
      TEMPORAL_ARC_METRICS_PORT_8080_TCP_ADDR: '10.0.0.1',
      TEMPORAL_ARC_KUBE_APISERVER: '/usr/bin/kube-apiserver',
    };
    expect(problemsOf({}, env)).toEqual([]);
  });
});

describe("ARC's flags", () => {
  it.each([
    ['2', 10],
    ['10', 10],
    ['50', 50],
  ])('--runner-max-concurrent-reconciles %s gives %i', (text, concurrency) => {
    const { configuration, notes } = read({ 'runner-max-concurrent-reconciles': [text] });
    expect(configuration.runnerCreationConcurrency).toBe(concurrency);
    expect(notes).toHaveLength(1);
  });

  it('yield to our own flag', () => {
    const flags = { 'runner-max-concurrent-reconciles': ['50'], 'runner-creation-concurrency': ['3'] };
    expect(read(flags).configuration.runnerCreationConcurrency).toBe(3);
  });

  it('join where several values may stand', () => {
    const flags = { 'watch-single-namespace': ['a'], 'watch-namespace': ['b'] };
    expect(read(flags).configuration.watchNamespaces).toEqual(['b', 'a']);
  });

  it('are validated as the setting they feed', () => {
    expect(problemsOf({ 'runner-max-concurrent-reconciles': ['lots'] })).toHaveLength(1);
  });
});

describe('readSettings', () => {
  it('reads and judges only what is asked for', () => {
    const env = { TEMPORAL_ARC_LOG_LEVEL: 'nonsense', KUBECONFIG: '/k' };
    expect(readSettings(['kubeconfig', 'cluster'], { env })).toEqual({
      kubeconfig: '/k',
      cluster: 'default',
    });
    expect(() => readSettings(['logLevel'], { env })).toThrow(ConfigurationError);
  });
});

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['10', undefined],
    ['', undefined],
    ['-5s', undefined],
    ['5 s', undefined],
  ])('reads %p', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
});

describe('similarTo', () => {
  it.each([
    ['scal', 'scale'],
    ['sacle', 'scale'],
    ['SCALE', 'scale'],
    ['banana', undefined],
    ['xx', undefined],
  ])('takes %p for %p', (word, expected) => {
    expect(didYouMean(word, ['get', 'scale', 'pause'])).toBe(expected);
  });
});

describe('docs/configuration.md', () => {
  it('names every setting', () => {
    const text = readFileSync(join(import.meta.dirname, '../../../docs/configuration.md'), 'utf8');
    for (const { flag, env } of Object.values(SETTINGS)) {
      expect(text).toContain(`\`--${flag}\``);
      expect(text).toContain(`\`${env}\``);
    }
  });
});
