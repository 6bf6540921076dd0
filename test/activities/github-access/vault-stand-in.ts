import { createHash, createVerify, X509Certificate } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { applicationCertificate, vaultCertificate, vaultKey } from './vault-files.ts';

/** An Azure Key Vault and Microsoft Entra's token endpoint, reached through a proxy that knows no other hosts. */
export interface VaultStandIn {
  readonly url: string;
  readonly authorityUrl: string;
  readonly tenantId: string;
  readonly clientId: string;
  /** Of the proxy, without credentials. */
  readonly proxyUrl: string;
  readonly secrets: Map<string, string>;
  /** What was asked, in order: method, host and path. */
  readonly seen: string[];
  /** What the proxy was told about itself. */
  proxyAuthorization: string | undefined;
  /** Answers in place of the vault's own, by the part that gives them. */
  refusals: Partial<Record<'vault' | 'entra', { status: number; json: object }>>;
  stop(): void;
}

const VAULT = 'arc.vault.test';
const ENTRA = 'login.vault.test';
const tenantId = '11111111-2222-3333-4444-555555555555';
const clientId = '66666666-7777-8888-9999-000000000000';
const AUTHORITY = `https://${ENTRA}/${tenantId}`;
const TOKEN = 'eyJ0eXAiOiJKV1QifQ.standin.vault-access-token';

export async function startVault(): Promise<VaultStandIn> {
  const server = createServer({ cert: vaultCertificate, key: vaultKey }, (request, response) => {
    answer(vault, request, response).catch(() => response.destroy());
  });
  const proxy = createHttpServer();
  proxy.on('connect', (request, socket) => {
    vault.proxyAuthorization = request.headers['proxy-authorization'];
    const isKnown = [`${VAULT}:443`, `${ENTRA}:443`].includes(request.url ?? '');
    if (!isKnown) return void socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    const onward = connect(portOf(server), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [onward, socket]) end.on('error', () => onward.destroy());
    socket.on('close', () => onward.destroy());
  });
  for (const one of [server, proxy])
    await new Promise<void>((resolve) => void one.listen(0, '127.0.0.1', resolve));
  const vault: VaultStandIn = {
    ...{ url: `https://${VAULT}`, authorityUrl: `https://${ENTRA}`, tenantId, clientId },
    proxyUrl: `http://127.0.0.1:${portOf(proxy)}`,
    secrets: new Map(),
    seen: [],
    proxyAuthorization: undefined,
    refusals: {},
    stop: () => {
      for (const one of [server, proxy]) {
        one.close();
        one.closeAllConnections();
      }
    },
  };
  return vault;
}

const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;

type Handler = (vault: VaultStandIn, ...call: Parameters<RequestListener>) => Promise<void>;

const answer: Handler = async (vault, request, response) => {
  const host = request.headers.host ?? '';
  const { pathname } = new URL(request.url ?? '/', `https://${host}`);
  vault.seen.push(`${request.method ?? ''} ${host}${pathname}`);
  await (host === ENTRA ? entra : keyVault)(vault, request, response);
};

const entra: Handler = async ({ refusals }, request, response) => {
  if (request.method === 'GET') return send(response, 200, openIdConfiguration());
  const form = new URLSearchParams(await textOf(request));
  if (refusals.entra) return send(response, refusals.entra.status, refusals.entra.json);
  const complaint = complaintAbout(form);
  if (complaint === undefined) {
    return send(response, 200, { token_type: 'Bearer', expires_in: 3_599, access_token: TOKEN });
  }
  return send(response, 401, {
    error: 'invalid_client',
    error_description: complaint,
    error_codes: [700027],
  });
};

const openIdConfiguration = () => ({
  issuer: `${AUTHORITY}/v2.0`,
  token_endpoint: `${AUTHORITY}/oauth2/v2.0/token`,
  authorization_endpoint: `${AUTHORITY}/oauth2/v2.0/authorize`,
  end_session_endpoint: `${AUTHORITY}/oauth2/v2.0/logout`,
  jwks_uri: `${AUTHORITY}/discovery/v2.0/keys`,
});

/** What is wrong with the application's assertion, as Microsoft Entra words it. */
function complaintAbout(form: URLSearchParams): string | undefined {
  const [header = '', payload = '', signature = ''] = (form.get('client_assertion') ?? '').split('.');
  const { alg, ...names } = partOf(header);
  const { aud, iss, sub, exp } = partOf(payload);
  const der = new X509Certificate(applicationCertificate).raw;
  const thumbprints = ['sha1', 'sha256'].map((hash) => createHash(hash).update(der).digest('base64url'));
  const isKnown = thumbprints.includes(String(names['x5t#S256'] ?? names['x5t']));
  const verify = createVerify('RSA-SHA256').update(`${header}.${payload}`);
  const padding = alg === 'PS256' ? 6 : 1;
  const isSigned = verify.verify({ key: applicationCertificate, padding }, signature, 'base64url');
  if (!isKnown || !isSigned) return 'AADSTS700027: The certificate is not registered for the application.';
  if (aud !== `${AUTHORITY}/oauth2/v2.0/token` || iss !== clientId || sub !== clientId)
    return 'AADSTS700016: Unknown application.';
  const isFresh = typeof exp === 'number' && exp * 1000 > Date.now();
  const isForVault = form.get('scope')?.split(' ').includes('https://vault.test/.default');
  return isFresh && isForVault ? undefined : 'AADSTS70011: Expired, or another scope.';
}

const partOf = (part: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;

const keyVault: Handler = (vault, request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', vault.url);
  const problem = (status: number, code: string): Promise<void> =>
    send(response, status, { error: { code, message: `${code}: a message that nobody should repeat` } });
  if (request.headers.authorization !== `Bearer ${TOKEN}`) {
    const challenge = `Bearer authorization="${AUTHORITY}", resource="https://vault.test"`;
    response.setHeader('www-authenticate', challenge);
    return problem(401, 'Unauthorized');
  }
  if (vault.refusals.vault) return send(response, vault.refusals.vault.status, vault.refusals.vault.json);
  if (!searchParams.has('api-version')) return problem(400, 'BadParameter');
  const [, kind, name = '', version = ''] = pathname.split('/');
  const value = kind === 'secrets' && version === '' ? vault.secrets.get(name) : undefined;
  if (value === undefined) return problem(404, 'SecretNotFound');
  const id = `${vault.url}/secrets/${name}/0123456789abcdef0123456789abcdef`;
  return send(response, 200, { value, id, attributes: { enabled: true, created: 1, updated: 1 } });
};

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, status: number, json: object): Promise<void> {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  return Promise.resolve();
}
