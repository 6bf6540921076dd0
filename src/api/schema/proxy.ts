import { optional, record, text, texts } from './fields.ts';

const proxyServerSchema = (traffic: string) =>
  record(`The proxy for ${traffic}.`, {
    url: optional(text('URL of the proxy, without credentials.')),
    credentialSecretRef: optional(
      text('Name of a Secret with the keys username and password, in the namespace of the scale set.'),
    ),
  });

/** How GitHub is reached where there is no direct way. */
export const proxySchema = (by: string) =>
  record(`The HTTP proxies used by ${by}.`, {
    http: optional(proxyServerSchema('http URLs')),
    https: optional(proxyServerSchema('https URLs')),
    noProxy: optional(texts('Hosts that are reached without a proxy.')),
  });
