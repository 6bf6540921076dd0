import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { Agent, Dispatcher, ProxyAgent } from 'undici';
import { GitHubError } from '../errors.ts';
import { bypassFor, isLoopback } from './no-proxy.ts';
import type { Bypass } from './no-proxy.ts';

/** Proxies by the scheme of the target, as URLs; user and password, if any, are part of the URL. */
export interface ProxySettings {
  readonly httpProxy?: string | undefined;
  readonly httpsProxy?: string | undefined;
  /** Hosts, domains, networks and ports reached directly, comma-separated: see no-proxy.ts. */
  readonly noProxy?: string | undefined;
}

/** How GitHub is reached. */
export interface RouteSettings {
  /** PEM certificates trusted beside the usual roots (`githubServerTLS`). */
  readonly ca?: string | undefined;
  /** Left out, the process's own `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` apply, but not to this machine itself. */
  readonly proxy?: ProxySettings | undefined;
}

const CONNECT_MS = 10_000;

/** Well below the idle time after which GitHub's front ends close a connection, so that ours rarely meets a closed one. */
const IDLE_MS = 30_000;

/**
 * A pool of kept-alive connections for these settings. HTTP/1.1 throughout: one broken connection then costs one call.
 *
 * @throws GitHubError `invalid-config` when a proxy is no URL or the CA holds no certificate
 */
export function createDispatcher({ ca, proxy }: RouteSettings): Dispatcher {
  const trust = ca === undefined ? {} : { secureContext: trusting(ca) };
  const connect = { timeout: CONNECT_MS, ...trust };
  const common = { allowH2: false, keepAliveTimeout: IDLE_MS, connect };
  const { httpProxy, httpsProxy, noProxy } = proxy ? checked(proxy) : proxiesOf(process.env);
  const direct = new Agent(common);
  const through = (uri: string): Dispatcher =>
    uri === '' ? direct : new ProxyAgent({ ...common, uri, requestTls: connect, proxyTls: connect });
  const byNoProxy = bypassFor(noProxy);
  return new RoutedDispatcher({
    direct,
    http: through(httpProxy),
    https: through(httpsProxy),
    isDirect: (origin) => byNoProxy(origin) || (!proxy && isLoopback(origin)),
  });
}

interface Routes {
  direct: Dispatcher;
  http: Dispatcher;
  https: Dispatcher;
  isDirect: Bypass;
}

/** Sends each request on its way. */
class RoutedDispatcher extends Dispatcher {
  readonly #routes: Routes;

  constructor(routes: Routes) {
    super();
    this.#routes = routes;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { direct, http, https, isDirect } = this.#routes;
    const origin = new URL(String(options.origin));
    const proxied = origin.protocol === 'https:' ? https : http;
    return (isDirect(origin) ? direct : proxied).dispatch(options, handler);
  }

  override async close(): Promise<void> {
    await Promise.all(this.#all().map((route) => route.close()));
  }

  override async destroy(): Promise<void> {
    await Promise.all(this.#all().map((route) => route.destroy()));
  }

  #all(): Dispatcher[] {
    const { direct, http, https } = this.#routes;
    return [...new Set([direct, http, https])];
  }
}

/** Once made, a context serves every connection: reading all roots anew takes longer than the handshake. */
function trusting(ca: string): SecureContext {
  const own = ca.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (own.length === 0 || !own.every(isCertificate)) {
    throw new GitHubError({
      decision: 'invalid-config',
      message:
        'githubServerTLS holds no readable certificate: store PEM certificates in the ConfigMap it names.',
      field: 'githubServerTLS',
    });
  }
  // Whoever names an intermediate CA trusts just what that one signed: Go takes it so, and OpenSSL when told to.
  return createSecureContext({ ca: [...getCACertificates('default'), ...own], allowPartialTrustChain: true });
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

/** Empty text stands for none. */
type Proxies = Required<{ [Name in keyof ProxySettings]: string }>;

const proxiesOf = (env: NodeJS.ProcessEnv): Proxies => ({
  httpProxy: env['http_proxy'] ?? env['HTTP_PROXY'] ?? '',
  httpsProxy: env['https_proxy'] ?? env['HTTPS_PROXY'] ?? '',
  noProxy: env['no_proxy'] ?? env['NO_PROXY'] ?? '',
});

function checked({ httpProxy = '', httpsProxy = '', noProxy = '' }: ProxySettings): Proxies {
  for (const [field, url] of Object.entries({ 'proxy.http': httpProxy, 'proxy.https': httpsProxy })) {
    if (url === '' || /^https?:$/.test(URL.parse(url)?.protocol ?? '')) continue;
    const message = `${field} is no proxy URL: set its url to http://<host>:<port> or https://<host>:<port>.`;
    throw new GitHubError({ decision: 'invalid-config', message, field: 'proxy' });
  }
  return { httpProxy, httpsProxy, noProxy };
}
