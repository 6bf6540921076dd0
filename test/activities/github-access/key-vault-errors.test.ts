import { setupErrorFromVault } from '../../../src/activities/github-access/key-vault-errors.ts';

const vault = { url: 'https://arc.vault.test', tenantId: 't', clientId: 'c', certificatePath: '/c.pem' };
const secret = { name: 'arc', field: 'githubConfigSecret' };

/** An error as Azure's libraries make them. */
const failure = (facts: object, message = 'ghp_secret eyJtoken'): Error =>
  Object.assign(new Error(message), facts);

const told = (error: unknown) => setupErrorFromVault(error, { vault, secret });

test.each<[string, unknown, string, RegExp]>([
  [
    'no answer',
    failure({ code: 'ECONNREFUSED' }),
    'VaultUnreachable',
    /^vaultConfig\.azureKeyVault\.url: .*\(ECONNREFUSED\)/,
  ],
  ['a failure of the vault', failure({ statusCode: 500 }), 'VaultUnreachable', /\(status 500\)/],
  ['a vault that is slow', failure({ statusCode: 408 }), 'VaultUnreachable', /\(status 408\)/],
  [
    'a vault that is busy',
    failure({ statusCode: 429, code: 'Throttled' }),
    'VaultUnreachable',
    /\(Throttled\)/,
  ],
  [
    'a secret that is missing',
    failure({ statusCode: 404, code: 'SecretNotFound' }),
    'VaultSecretNotFound',
    /^githubConfigSecret: .*"arc" \(SecretNotFound\)/,
  ],
  [
    'missing rights',
    failure({ statusCode: 403, code: 'Forbidden' }),
    'VaultRefused',
    /clientId: .* refuses secret "arc" \(Forbidden\)/,
  ],
  [
    'an application that is unknown',
    failure({}, 'AADSTS700016: nobody'),
    'VaultRefused',
    /sign in \(AADSTS700016\)/,
  ],
  [
    'a sign-in that is refused',
    failure({ name: 'AuthenticationError', statusCode: 401 }),
    'VaultRefused',
    /sign in/,
  ],
  [
    'a sign-in without an answer',
    failure({ name: 'AuthenticationError', statusCode: 503 }),
    'VaultUnreachable',
    /\(status 503\)/,
  ],
  ['an end of the waiting', failure({ name: 'AbortError' }), 'VaultUnreachable', /\(AbortError\)/],
  ['what is no error', 'ghp_secret', 'VaultUnreachable', /\(unknown\)/],
])('%s', (_what, error, reason, message) => {
  expect(told(error)).toMatchObject({ name: 'SetupError', reason });
  expect(told(error).message).toMatch(message);
});

test('the reason may lie in the cause', () => {
  const cause = failure({ statusCode: 404, code: 'SecretNotFound' });
  expect(told(new Error('outside', { cause }))).toMatchObject({ reason: 'VaultSecretNotFound' });
});

test('causes that go round in a circle end', () => {
  const error = new Error('round');
  error.cause = error;
  expect(told(error)).toMatchObject({ reason: 'VaultUnreachable' });
});

test.each([
  ['a message', failure({ statusCode: 403 })],
  ['a code that is none', failure({ statusCode: 403, code: 'ghp_secret' })],
  ['a code with digits', failure({ statusCode: 403, code: 'S3cr3t' })],
  ['a name', failure({ name: 'ghp_secret' })],
])('%s of the error is not repeated, nor kept', (_what, error) => {
  expect(told(error).message).not.toMatch(/ghp_|eyJ|S3cr3t/);
  expect(told(error).cause).toBeUndefined();
});
