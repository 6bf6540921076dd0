import {
  SAFE_CHARACTERS,
  jitSecretName,
  listenerConfigSecretName,
  listenerName,
  listenerProxySecretName,
  runnerNamePrefix,
  runnerProxySecretName,
} from '../../src/api/names.ts';

describe('runnerNamePrefix', () => {
  it('ends in -runner-', () => expect(runnerNamePrefix('octo')).toBe('octo-runner-'));

  it.each([49, 50, 51, 58, 63, 200])('leaves room for the suffix after a name of %i characters', (length) => {
    const prefix = runnerNamePrefix('n'.repeat(length));
    expect(prefix.length + 5).toBeLessThanOrEqual(63);
    expect(prefix.startsWith('n'.repeat(49))).toBe(true);
  });
});

describe('names of a scale set', () => {
  const scaleSet = { name: 'octo', namespace: 'test-ns', githubConfigUrl: 'https://github.com/org/repo' };

  it('name the listener as ARC does', () => {
    expect(listenerName(scaleSet)).toBe('octo-79fcf9fd-listener');
    expect(listenerName({ ...scaleSet, runnerGroup: '' })).toBe(listenerName(scaleSet));
    expect(listenerName({ ...scaleSet, runnerGroup: 'g' })).not.toBe(listenerName(scaleSet));
  });

  it('name the Secrets', () => {
    expect(listenerConfigSecretName('octo-listener')).toBe('octo-listener-config');
    expect(listenerProxySecretName('octo-listener')).toBe('octo-listener-proxy');
    expect(runnerProxySecretName('octo', 'test-ns')).toBe('octo-574d8446-runner-proxy');
    expect(jitSecretName('octo-runner-bcdfg')).toBe('octo-runner-bcdfg');
  });
});

test('random suffixes spell no words', () => {
  expect(SAFE_CHARACTERS).not.toMatch(/[aeiou013]/);
  expect(new Set(SAFE_CHARACTERS).size).toBe(SAFE_CHARACTERS.length);
});
