import { defaultSystemInfo, userAgentFor } from '../../../src/github/transport/user-agent.ts';

describe('the User-Agent', () => {
  it('is JSON with its members in the order of the protocol', () => {
    const info = { system: 'temporal-arc', version: '1.2.3', commitSha: 'abc', subsystem: 'listener' };
    expect(userAgentFor(info, 7)).toBe(
      '{"system":"temporal-arc","version":"1.2.3","commit_sha":"abc","scale_set_id":7,"subsystem":"listener",' +
        '"build_version":"1.2.3","build_commit_sha":"abc","kind":"scaleset"}',
    );
  });

  it('names scale set 0 before there is one', () => {
    expect(JSON.parse(userAgentFor(defaultSystemInfo))).toMatchObject({ scale_set_id: 0 });
  });

  it('fits a header whatever it is made of', () => {
    expect(userAgentFor({ ...defaultSystemInfo, version: 'ünï\n' })).toMatch(/^[\x20-\x7e]+$/);
  });
});
