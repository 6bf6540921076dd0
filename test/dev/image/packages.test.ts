import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lock } from '../../../dev/image/packages.ts';
import { STUBBED, isNeeded, neededPackages } from '../../../dev/image/packages.ts';

const lock = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', '..', '..', 'package-lock.json'), 'utf8'),
) as Lock;

describe('of the packages that are locked', () => {
  const needed = neededPackages(lock);

  test.each([
    '@azure/identity',
    '@kubernetes/client-node',
    '@octokit/rest',
    '@temporalio/core-bridge',
    '@temporalio/worker',
    'commander',
    'prom-client',
    'protobufjs',
    'undici',
  ])('%s is needed', (name) => expect(needed).toContain(`node_modules/${name}`));

  test.each([...STUBBED, 'typescript', 'jest', '@swc/core', 'terser', 'bare-fs', '@azure/msal-browser'])(
    '%s is not',
    (name) => expect(needed).not.toContain(`node_modules/${name}`),
  );

  test('each that is needed brings all that it depends on, but for what the image does without', () => {
    const names = new Set(needed.map((path) => path.split('node_modules/').at(-1)));
    const missing = needed
      .flatMap((path) => Object.keys(lock.packages[path]?.dependencies ?? {}))
      .filter((name) => !names.has(name));
    expect([...new Set(missing)].sort()).toEqual([
      '@azure/msal-browser',
      '@swc/core',
      'bare-fs',
      'memfs',
      'source-map-loader',
      'swc-loader',
      'unionfs',
      'webpack',
    ]);
  });
});

test('of two versions, the one that lies nearest is taken', () => {
  const packages = {
    '': { dependencies: { one: '1', two: '1' } },
    'node_modules/one': { dependencies: { two: '2' }, optionalDependencies: { '@a/three': '1' } },
    'node_modules/one/node_modules/two': { dependencies: { four: '1' } },
    'node_modules/two': {},
    'node_modules/@a/three': { dependencies: { absent: '1' } },
    'node_modules/four': {},
    'node_modules/five': {},
  };
  expect(neededPackages({ packages })).toEqual([
    'node_modules/@a/three',
    'node_modules/four',
    'node_modules/one',
    'node_modules/one/node_modules/two',
    'node_modules/two',
  ]);
});

const BRIDGE = 'node_modules/@temporalio/core-bridge';

test.each([
  ['node_modules/undici/index.js', true],
  ['node_modules/undici/package.json', true],
  ['node_modules/undici/LICENSE', true],
  ['node_modules/undici/LICENSE.md', true],
  ['node_modules/undici/README.md', false],
  ['node_modules/undici/types/index.d.ts', false],
  ['node_modules/undici/index.js.map', false],
  ['node_modules/typebox/build/index.mjs', true],
  ['node_modules/typebox/build/index.d.mts', false],
  ['dist/cli/main.js', true],
  ['dist/cli/main.d.ts', false],
  ['node_modules/@azure/identity/dist/esm/index.js', true],
  ['node_modules/@azure/identity/dist/browser/index.js', false],
  [`${BRIDGE}/lib/index.js`, true],
  [`${BRIDGE}/sdk-core/README`, false],
  [`${BRIDGE}/releases/x86_64-unknown-linux-gnu/index.node`, true],
  [`${BRIDGE}/releases/aarch64-unknown-linux-gnu/index.node`, false],
  [`${BRIDGE}/releases/x86_64-apple-darwin/index.node`, false],
])('%s belongs into the image for amd64: %s', (path, belongs) => {
  expect(isNeeded(path, 'amd64')).toBe(belongs);
});

test('for arm64 it is the other native module', () => {
  expect(isNeeded(`${BRIDGE}/releases/aarch64-unknown-linux-gnu/index.node`, 'arm64')).toBe(true);
  expect(isNeeded(`${BRIDGE}/releases/x86_64-unknown-linux-gnu/index.node`, 'arm64')).toBe(false);
});
