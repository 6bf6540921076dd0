import { parseAllDocuments } from 'yaml';
import { sampleManifests } from '../../../dev/local/sample-sets.ts';
import { readSettings } from '../../../dev/local/settings.ts';

const github = {
  GITHUB_CONFIG_URL: 'https://github.com/org/repo',
  GITHUB_TOKEN: 'a-token',
  RUNNER_SCALE_SET_ID: '7',
};

it('names nothing when the environment names nothing', () => {
  expect(readSettings({ KUBECONFIG: '' })).toEqual({
    temporalAddress: undefined,
    kubeconfig: undefined,
    github: undefined,
  });
});

it('takes a GitHub with its token and scale set', () => {
  expect(readSettings(github).github).toEqual({
    configUrl: 'https://github.com/org/repo',
    token: 'a-token',
    scaleSetId: 7,
  });
});

it.each([
  [{ ...github, GITHUB_TOKEN: '' }, /GITHUB_TOKEN is not: set it/],
  [{ ...github, RUNNER_SCALE_SET_ID: 'seven' }, /set RUNNER_SCALE_SET_ID/],
])('refuses half a GitHub', (env, message) => {
  expect(() => readSettings(env)).toThrow(message);
});

it('fills in the sample set', () => {
  const text = sampleManifests({
    configUrl: 'http://127.0.0.1:1/org/repo',
    token: 'a: "token"',
    scaleSetId: 1,
  });
  const [secret, set] = parseAllDocuments(text).map((document) => document.toJS() as Record<string, unknown>);
  expect(secret).toMatchObject({ kind: 'Secret', stringData: { github_token: 'a: "token"' } });
  expect(set).toMatchObject({
    metadata: { name: 'demo', namespace: 'default' },
    spec: { ephemeralRunnerSpec: { githubConfigUrl: 'http://127.0.0.1:1/org/repo', runnerScaleSetId: 1 } },
  });
});

it('fills in several samples, as one text for kubectl', () => {
  const target = { configUrl: 'http://127.0.0.1:1/org/repo', token: 't', scaleSetId: 1 };
  const documents = parseAllDocuments(sampleManifests(target, ['demo', 'queue'])).map(
    (document) => document.toJS() as { kind: string; spec?: object },
  );
  expect(documents.map(({ kind }) => kind)).toEqual(['Secret', 'EphemeralRunnerSet', 'AutoscalingRunnerSet']);
  expect(documents[2]?.spec).toMatchObject({
    githubConfigUrl: 'http://127.0.0.1:1/org/repo',
    githubConfigSecret: 'demo-github',
    minRunners: 0,
  });
});
