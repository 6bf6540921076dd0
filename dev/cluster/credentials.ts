import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

/**
 * Writes what the parts of one cluster trust each other by: a random token for the administrator, so that a client of
 * this cluster can never act on another, and a key pair for service accounts. What a former start left is kept.
 */
export function writeCredentials(stateDir: string): void {
  if (existsSync(join(stateDir, 'tokens.csv'))) return;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const secret = (file: string, content: string | Buffer) =>
    writeFileSync(join(stateDir, file), content, { mode: 0o600 });
  secret('service-account.key', privateKey.export({ type: 'pkcs8', format: 'pem' }));
  secret('service-account.pub', publicKey.export({ type: 'spki', format: 'pem' }));
  secret('tokens.csv', `${randomBytes(24).toString('hex')},admin,admin,"system:masters"\n`);
}

/** Writes the kubeconfig (mode 0600) once the API server has made its certificate; answers its path. */
export function writeKubeconfig(stateDir: string, url: string): string {
  const [token] = readFileSync(join(stateDir, 'tokens.csv'), 'utf8').split(',');
  const certificate = readFileSync(join(stateDir, 'pki', 'apiserver.crt'));
  const name = 'temporal-arc-dev';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name, cluster: { server: url, 'certificate-authority-data': certificate.toString('base64') } },
    ],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
    'current-context': name,
  };
  const path = join(stateDir, 'kubeconfig');
  writeFileSync(path, stringify(config), { mode: 0o600 });
  return path;
}
