import { createPublicKey, createVerify, randomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { Credentials } from './protocol.ts';

/** Who is let in: credentials, and the tokens made from them. */
export interface Keys {
  set(credentials: Credentials): void;
  /** Whether an `Authorization` header carries an accepted PAT or installation token. */
  isUser(header: string | undefined): boolean;
  /** Why it does not carry the App's JWT for this installation; `undefined` when it does. */
  appProblem(header: string | undefined, installationId: string): string | undefined;
  newInstallationToken(): string;
  newRegistrationToken(): string;
  isRegistration(header: string | undefined): boolean;
  newAdminToken(configPath: string): string;
  /** The config path for which an admin token was made, if it is valid. */
  configPathOf(header: string | undefined): string | undefined;
}

const REGISTRATION_MS = 3_600_000;

/** Nobody is let in at first. Admin tokens last for `adminTokenMs`. */
export function createKeys(adminTokenMs: number, clock: Pick<Clock, 'now' | 'wall'>): Keys {
  let tokens = new Set<string>();
  let app: Credentials['app'];
  const installation = createTokens<true>(REGISTRATION_MS, clock);
  const registration = createTokens<true>(REGISTRATION_MS, clock);
  const admin = createTokens<string>(adminTokenMs, clock);
  return {
    set: (credentials) => {
      if (credentials.tokens) tokens = new Set(credentials.tokens);
      if (credentials.app) app = credentials.app;
      if (credentials.tokens ?? credentials.app) installation.clear();
      if (credentials.revokeAdminTokens) admin.clear();
    },
    isUser: (header) => {
      const token = tokenOf(header, /^(?:bearer|token) /i);
      return tokens.has(token) || installation.find(token) === true;
    },
    appProblem: (header, installationId) =>
      jwtProblem(app, { jwt: tokenOf(header, /^bearer /i), installationId, wall: clock.wall() }),
    newInstallationToken: () => installation.add(`ghs_${randomBytes(18).toString('hex')}`, true),
    newRegistrationToken: () => registration.add(`AREG${randomBytes(12).toString('hex')}`, true),
    isRegistration: (header) => registration.find(tokenOf(header, /^RemoteAuth /)) === true,
    newAdminToken: (configPath) => admin.add(unsignedJwt(clock.now() + adminTokenMs), configPath),
    configPathOf: (header) => admin.find(tokenOf(header, /^Bearer /)),
  };
}

const tokenOf = (header: string | undefined, scheme: RegExp): string =>
  header && scheme.test(header) ? header.replace(scheme, '') : '';

interface Tokens<T> {
  add(token: string, value: T): string;
  find(token: string): T | undefined;
  clear(): void;
}

function createTokens<T>(lastMs: number, clock: Pick<Clock, 'now'>): Tokens<T> {
  const known = new Map<string, { value: T; until: number }>();
  return {
    add: (token, value) => {
      const [oldest] = known.keys();
      if (known.size > 10_000 && oldest !== undefined) known.delete(oldest);
      known.set(token, { value, until: clock.now() + lastMs });
      return token;
    },
    find: (token) => {
      const found = known.get(token);
      return found && found.until > clock.now() ? found.value : undefined;
    },
    clear: () => known.clear(),
  };
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Clients read only `exp`; the signature is noise that makes each token unique. */
const unsignedJwt = (expiresAt: number): string =>
  [
    encode({ alg: 'RS256', typ: 'JWT' }),
    encode({ iss: 'standin', exp: Math.floor(expiresAt / 1000) }),
    randomBytes(24).toString('base64url'),
  ].join('.');

const LONGEST_JWT_S = 600;

const FUTURE =
  "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
const PAST =
  "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires";
const TOO_LONG = "'Expiration time' claim ('exp') is too far in the future";
const UNREADABLE = 'A JSON web token could not be decoded';

/** What is wrong with an App's JWT, in GitHub's words. By the clock on the wall, as the client's, which nobody moves. */
function jwtProblem(
  app: Credentials['app'],
  { jwt, installationId, wall }: { jwt: string; installationId: string; wall: number },
): string | undefined {
  const [header = '', payload = '', signature = ''] = jwt.split('.');
  if (!app || app.installationId !== installationId) return UNREADABLE;
  try {
    const verify = createVerify('RSA-SHA256').update(`${header}.${payload}`);
    if (!verify.verify(createPublicKey(app.key), signature, 'base64url')) return UNREADABLE;
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    const now = wall / 1000;
    const { iss, iat, exp } = claims;
    if (typeof iat !== 'number' || typeof exp !== 'number' || String(iss) !== app.appId) return UNREADABLE;
    if (iat > now) return FUTURE;
    if (exp <= now) return PAST;
    return exp - now > LONGEST_JWT_S ? TOO_LONG : undefined;
  } catch {
    return UNREADABLE;
  }
}
