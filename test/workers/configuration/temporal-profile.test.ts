import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { temporalConfig } from '../../../src/workers/configuration/temporal-profile.ts';

const nothing = { temporalAddress: undefined, temporalNamespace: undefined, temporalProfile: undefined };

describe('temporalConfig', () => {
  let folder = '';
  let env: Record<string, string> = {};
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'temporal-profile-'));
    const path = join(folder, 'temporal.toml');
    writeFileSync(path, '[profile.ci]\naddress = "ci:7233"\nnamespace = "runners"\n');
    env = { TEMPORAL_CONFIG_FILE: path };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('falls back to the local server', () => {
    const { connectionOptions, namespace } = temporalConfig(nothing, env);
    expect([connectionOptions.address, namespace]).toEqual(['localhost:7233', 'default']);
  });

  it('takes the profile, then variables, then the flags', () => {
    const target = { ...nothing, temporalProfile: 'ci' };
    const read = (own: object, variables: object) => {
      const { connectionOptions, namespace } = temporalConfig(
        { ...target, ...own },
        { ...env, ...variables },
      );
      return [connectionOptions.address, namespace];
    };
    expect(read({}, {})).toEqual(['ci:7233', 'runners']);
    expect(read({}, { TEMPORAL_NAMESPACE: 'other' })).toEqual(['ci:7233', 'other']);
    expect(read({ temporalAddress: 'x:1' }, { TEMPORAL_ADDRESS: 'y:2' })).toEqual(['x:1', 'runners']);
  });

  it('names the flag for a profile that does not exist', () => {
    expect(() => temporalConfig({ ...nothing, temporalProfile: 'nope' }, env)).toThrow(
      '--profile (or TEMPORAL_PROFILE',
    );
  });
});
