import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** Whether requests to an origin leave the proxy out. */
export type Bypass = (origin: URL) => boolean;

/** Host, in lower case and without brackets, and port, also where the URL leaves it to the scheme. */
interface Target {
  host: string;
  port: string;
}

type Matcher = (target: Target) => boolean;

/**
 * Reads a `noProxy` as Go's httpproxy does, which ARC and most tools on Kubernetes use:
 * - `example.com`: the domain and everything below it; `.example.com` and `*.example.com`: everything below it only
 * - `10.1.2.3`, `fd00::1`: the address; `10.0.0.0/8`, `fd00::/8`: all addresses of the network. Names are not resolved
 * - any of them but a network with `:port` (IPv6 in brackets): this port only
 * - `*`: everything
 *
 * Entries stand between commas or white space. What is none of these matches nothing.
 */
export function bypassFor(noProxy: string): Bypass {
  const entries = noProxy
    .toLowerCase()
    .split(/[,\s]+/)
    .filter(Boolean);
  if (entries.includes('*')) return () => true;
  const matchers = entries.map(matcherFor).filter((matcher) => matcher !== undefined);
  return (origin) => {
    const target = targetOf(origin);
    return matchers.some((matches) => matches(target));
  };
}

/** Whether it is this machine itself, which no proxy that serves the whole network can reach. */
export const isLoopback: Bypass = (origin) => {
  const { host } = targetOf(origin);
  return host === 'localhost' || addressMatcher(LOOPBACK)({ host, port: '' });
};

function targetOf({ protocol, hostname, port }: URL): Target {
  const host = hostname.toLowerCase().replace(/^\[|\]$|\.$/g, '');
  return { host, port: port || (protocol === 'https:' ? '443' : '80') };
}

function matcherFor(entry: string): Matcher | undefined {
  if (entry.includes('/')) return networkMatcher(entry);
  const { host, port } = split(entry);
  if (host === '') return undefined;
  const matches = isIP(host) ? addressMatcher(listOf(host)) : domainMatcher(host);
  return port === '' ? matches : (target) => target.port === port && matches(target);
}

/** An IPv6 address with a port stands in brackets; without one it may. */
function split(entry: string): Target {
  const bracketed = /^\[(.*)\](?::(\d+))?$/.exec(entry);
  if (bracketed) return { host: bracketed[1] ?? '', port: bracketed[2] ?? '' };
  const [host = '', port = '', ...more] = entry.split(':');
  return more.length > 0 ? { host: entry, port: '' } : { host, port };
}

function networkMatcher(entry: string): Matcher | undefined {
  const [address = '', length = ''] = entry.split('/');
  const version = isIP(address);
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : NaN;
  if (version === 0 || !(bits <= (version === 4 ? 32 : 128))) return undefined;
  const list = new BlockList();
  list.addSubnet(address, bits, familyOf(version));
  return addressMatcher(list);
}

function listOf(address: string): BlockList {
  const list = new BlockList();
  list.addAddress(address, familyOf(isIP(address)));
  return list;
}

const addressMatcher =
  (list: BlockList): Matcher =>
  ({ host }) => {
    const version = isIP(host);
    return version !== 0 && list.check(host, familyOf(version));
  };

function domainMatcher(entry: string): Matcher {
  const isBelowOnly = /^\*?\./.test(entry);
  const domain = domainToASCII(entry.replace(/^\*?\./, '').replace(/\.$/, ''));
  if (domain === '') return () => false;
  return ({ host }) => host.endsWith(`.${domain}`) || (!isBelowOnly && host === domain);
}

const familyOf = (version: number): 'ipv4' | 'ipv6' => (version === 4 ? 'ipv4' : 'ipv6');

const LOOPBACK = listOf('::1');
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
