import { contradictionsOf } from '../../../src/api/validation/contradictions.ts';
import { listener, maximalScaleSet, minimalScaleSet, runner, runnerSet } from '../samples.ts';

const pathsOf = (...[kind, spec]: Parameters<typeof contradictionsOf>) =>
  contradictionsOf(kind, spec).map(({ path }) => path);

const azure = (change: object) => ({
  type: 'azure_key_vault',
  azureKeyVault: { ...maximalScaleSet.spec.vaultConfig?.azureKeyVault, ...change },
});

describe('contradictionsOf an AutoscalingRunnerSet', () => {
  const { spec } = maximalScaleSet;

  it.each([
    [{ githubConfigUrl: '' }, 'spec.githubConfigUrl'],
    [{ githubConfigSecret: undefined }, 'spec.githubConfigSecret'],
    [{ minRunners: 3, maxRunners: 2 }, 'spec.minRunners'],
    [{ template: undefined }, 'spec.template.spec'],
    [{ template: { spec: { containers: [{ name: 'worker' }] } } }, 'spec.template.spec.containers'],
    [{ vaultConfig: { type: 'azureKeyVault' } }, 'spec.vaultConfig.type'],
    [{ vaultConfig: { type: 'azure_key_vault' } }, 'spec.vaultConfig.azureKeyVault'],
    [{ vaultConfig: azure({ url: 'http://octo.vault.azure.net' }) }, 'spec.vaultConfig.azureKeyVault.url'],
    [{ vaultConfig: azure({ tenantId: '' }) }, 'spec.vaultConfig.azureKeyVault.tenantId'],
    [{ vaultConfig: azure({ clientId: '' }) }, 'spec.vaultConfig.azureKeyVault.clientId'],
    [{ vaultConfig: azure({ certificatePath: '' }) }, 'spec.vaultConfig.azureKeyVault.certificatePath'],
  ])('%j', (change, path) => expect(pathsOf('AutoscalingRunnerSet', { ...spec, ...change })).toEqual([path]));

  it('knows none in good ones', () => {
    expect(pathsOf('AutoscalingRunnerSet', minimalScaleSet.spec)).toEqual([]);
    expect(pathsOf('AutoscalingRunnerSet', { ...spec, minRunners: 2, maxRunners: 2 })).toEqual([]);
    expect(pathsOf('AutoscalingRunnerSet', { ...spec, vaultConfig: { type: '' } })).toEqual([]);
  });
});

test('a runner needs its container, wherever its spec stands', () => {
  const spec = { ...runner.spec, spec: { containers: [] } };
  expect(pathsOf('EphemeralRunner', spec)).toEqual(['spec.spec.containers']);
  expect(pathsOf('EphemeralRunnerSet', { ephemeralRunnerSpec: spec })).toEqual([
    'spec.ephemeralRunnerSpec.spec.containers',
  ]);
  expect(pathsOf('EphemeralRunnerSet', {})).toEqual(['spec.ephemeralRunnerSpec']);
});

test('good children have none', () => {
  expect(pathsOf('EphemeralRunnerSet', runnerSet.spec)).toEqual([]);
  expect(pathsOf('EphemeralRunner', runner.spec)).toEqual([]);
  expect(pathsOf('AutoscalingListener', listener.spec)).toEqual([]);
});
