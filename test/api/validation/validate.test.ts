import { validate } from '../../../src/api/validation/validate.ts';
import { maximalScaleSet, minimalScaleSet, runner, runnerSet, samples } from '../samples.ts';

const scaleSet = (spec: object) =>
  validate('AutoscalingRunnerSet', { ...minimalScaleSet, spec: { ...minimalScaleSet.spec, ...spec } });

const withRunner = (fields: object) =>
  scaleSet({ template: { spec: { containers: [{ name: 'runner', image: 'i', ...fields }] } } });

describe('validate', () => {
  it.each(samples.map((sample) => [sample.kind, sample.metadata.name, sample] as const))(
    'finds nothing wrong with a good %s, %s',
    (kind, _, sample) => expect(validate(kind, sample)).toEqual([]),
  );

  it.each([
    [scaleSet({ minRunners: -1 }), 'spec.minRunners', 'must be 0 or more'],
    [
      scaleSet({ maxRunners: '5' }),
      'spec.maxRunners',
      'must be an integer, not a string: write it without quotes',
    ],
    [
      scaleSet({ runnerScaleSetLabels: [null] }),
      'spec.runnerScaleSetLabels[0]',
      'must be a string, not empty: give a value or remove it',
    ],
    [scaleSet({ runnerGroup: 3 }), 'spec.runnerGroup', 'must be a string, not a number: put it in quotes'],
    [scaleSet({ template: [] }), 'spec.template', 'must be an object, not a list: check the indentation'],
    [scaleSet({ template: { spec: {} } }), 'spec.template.spec.containers', 'is missing: add it'],
    [
      scaleSet({ vaultConfig: { azureKeyVault: { url: 'u', tenantId: 't', clientId: 'c' } } }),
      'spec.vaultConfig.azureKeyVault.certificatePath',
      'is missing: add it',
    ],
    [
      withRunner({ resources: { limits: { cpu: 'many' } } }),
      'spec.template.spec.containers[0].resources.limits.cpu',
      'must be a quantity: a number with a suffix such as m, Mi or Gi, or with none',
    ],
    [
      withRunner({ resources: { limits: { 'nvidia.com/gpu': true } } }),
      'spec.template.spec.containers[0].resources.limits["nvidia.com/gpu"]',
      'must be an integer or a string, not true or false',
    ],
  ])('names the field and the remedy: %#', (problems, path, message) => {
    expect(problems).toEqual([{ path, message }]);
  });

  it('takes what ARC takes', () => {
    const withoutPatchId = { ...runnerSet.spec, patchID: undefined };
    expect(validate('EphemeralRunnerSet', { ...runnerSet, spec: withoutPatchId })).toEqual([]);
    expect(withRunner({ resources: { limits: { cpu: 2 } }, unknownField: 1 })).toEqual([]);
    expect(withRunner({ envFrom: [{ secretRef: { name: 's' } }], restartPolicy: 'Sometimes' })).toEqual([]);
  });

  it('takes null for absent, as the API server does', () => {
    expect(
      scaleSet({ maxRunners: null, template: { metadata: null, spec: minimalScaleSet.spec.template?.spec } }),
    ).toEqual([]);
    expect(withRunner({ envFrom: [{ secretRef: { name: null } }] })).toEqual([]);
    expect(scaleSet({ template: { spec: { containers: null } } })).toEqual([
      { path: 'spec.template.spec.containers', message: 'is missing: add it' },
    ]);
  });

  it('tells everything at once', () => {
    const problems = validate('AutoscalingRunnerSet', {
      apiVersion: 'v1',
      kind: 'EphemeralRunner',
      spec: { minRunners: -1, maxRunners: 'x' },
    });
    expect(problems.map(({ path }) => path).sort()).toEqual([
      'apiVersion',
      'kind',
      'spec.maxRunners',
      'spec.minRunners',
    ]);
  });

  it('never repeats a value', () => {
    const problems = scaleSet({ githubConfigSecret: { github_token: 'ghp_secret' } });
    expect(problems).toEqual([
      { path: 'spec.githubConfigSecret', message: 'must be a string, not an object: check the indentation' },
    ]);
  });

  it.each([undefined, null, 'text', []])('survives %j', (nothing) => {
    expect(validate('EphemeralRunner', nothing).length).toBeGreaterThan(0);
  });

  it('adds what can never work', () => {
    const problems = validate('EphemeralRunner', {
      ...runner,
      spec: { ...runner.spec, githubConfigUrl: '' },
    });
    expect(problems.map(({ path }) => path)).toEqual(['spec.githubConfigUrl']);
    expect(validate('AutoscalingRunnerSet', maximalScaleSet)).toEqual([]);
  });
});
