import { redact } from '../../src/api/redact.ts';

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

describe('what is written where people read it', () => {
  const key = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEow'.repeat(20)}\n-----END RSA PRIVATE KEY-----`;
  it.each([
    ['ghp_16C7e42F292c6912E7710c838347Ae178B4a'],
    ['ghs_16C7e42F292c6912E7710c838347Ae178B4a'],
    ['github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz'],
    ['eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjM0In0.c2lnbmF0dXJl'],
    ['eyJ0eXAiOiJKV1QiLCJhbGciOi'],
    [key],
    [Buffer.from('{".runner":"eyJBZ2VudElkIjoi","n":12345}'.repeat(5)).toString('base64')],
  ])('replaces %s', (secret) => {
    expect(redact(`before ${secret} after`)).toBe('before [redacted] after');
  });

  it('replaces the password of a URL', () => {
    expect(redact('proxy http://user:hunter2@proxy:3128')).toBe('proxy http://user:[redacted]@proxy:3128');
  });

  it.each([
    ['default/ephemeralrunnerset/arc-runners-production/linux-large-runners-2xl'],
    ['/apis/actions.github.com/v1alpha1/namespaces/arc-runners/ephemeralrunners/linux-runner-x7k2p'],
    ['https://github.com/some-organization/some-repository-with-a-long-name/actions'],
    ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
    ['the token expired'],
    ['3f2b8c1e-0a7d-4c55-9d5e-1f2a3b4c5d6e'],
  ])('spares %s', (text) => {
    expect(redact(text)).toBe(text);
  });
});
