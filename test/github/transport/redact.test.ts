import { redact } from '../../../src/github/transport/redact.ts';

describe('redaction', () => {
  it.each([
    ['ghp_0123456789abcdef'],
    ['ghs_0123456789abcdef'],
    ['github_pat_11AAAA_bbbb'],
    ['eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjF9.c2lnbmF0dXJl'],
    ['Bearer abc123'],
    ['RemoteAuth AABBCC'],
    ['"token":"s3cr3t"'],
    [Buffer.from('x'.repeat(60)).toString('base64')],
  ])('hides %s', (secret) => {
    const text = redact(`the server said: ${secret}, sorry`);
    expect(text).toContain('[redacted]');
    expect(text).not.toContain(secret.replace(/^\w+ |"token":"|"$/g, ''));
  });

  it('leaves type names and plain words alone', () => {
    const text = 'GitHub.Actions.Runtime.WebApi.RunnerScaleSetSessionConflictException: owner arc-7f9c';
    expect(redact(text)).toBe(text);
  });
});
