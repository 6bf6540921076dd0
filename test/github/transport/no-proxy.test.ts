import { bypassFor, isLoopback } from '../../../src/github/transport/no-proxy.ts';

describe('noProxy', () => {
  it.each([
    // domains
    ['example.com', 'https://example.com', true],
    ['example.com', 'https://api.example.com', true],
    ['example.com', 'https://notexample.com', false],
    ['Example.COM', 'https://API.example.com', true],
    ['.example.com', 'https://api.example.com', true],
    ['.example.com', 'https://example.com', false],
    ['*.example.com', 'https://a.b.example.com', true],
    ['*.example.com', 'https://example.com', false],
    ['example.com', 'https://example.com.', true],
    ['example.com.', 'https://example.com', true],
    ['bücher.example', 'https://shop.bücher.example', true],
    // ports
    ['example.com:8443', 'https://example.com:8443', true],
    ['example.com:8443', 'https://example.com', false],
    ['example.com:443', 'https://example.com', true],
    ['example.com:80', 'http://example.com', true],
    ['10.1.2.3:80', 'http://10.1.2.3', true],
    ['10.1.2.3:80', 'http://10.1.2.3:8080', false],
    ['[fd00::1]:8443', 'https://[fd00::1]:8443', true],
    ['[fd00::1]:8443', 'https://[fd00::1]', false],
    // addresses and networks
    ['10.1.2.3', 'http://10.1.2.3:8080', true],
    ['10.1.2.3', 'http://10.1.2.30', false],
    ['10.0.0.0/8', 'http://10.200.0.1', true],
    ['10.0.0.0/8', 'http://11.0.0.1', false],
    ['10.1.2.3/16', 'http://10.1.99.99', true],
    ['192.168.1.0/28', 'https://192.168.1.16', false],
    ['0.0.0.0/0', 'http://8.8.8.8', true],
    ['0.0.0.0/0', 'http://example.com', false],
    ['fd00::1', 'https://[FD00:0::1]', true],
    ['[fd00::1]', 'https://[fd00::1]', true],
    ['fd00::/8', 'https://[fd12::9]', true],
    ['fd00::/8', 'https://[fe80::9]', false],
    ['10.0.0.0/8', 'http://[::ffff:10.1.1.1]', true],
    // everything, lists, and what makes no sense
    ['*', 'https://github.com', true],
    ['localhost, *', 'https://github.com', true],
    ['10.0.0.0/8,.svc.cluster.local , github.com', 'https://api.github.com', true],
    ['a.example b.example', 'https://b.example', true],
    ['', 'https://github.com', false],
    [',, ,', 'https://github.com', false],
    ['10.0.0.0/33,10.0.0.0/x,x/8,:443,.', 'http://10.0.0.1:443', false],
  ])('%s and %s: %p', (noProxy, origin, expected) => {
    expect(bypassFor(noProxy)(new URL(origin))).toBe(expected);
  });
});

it.each([
  ['http://localhost:80', true],
  ['http://127.9.9.9', true],
  ['http://[::1]:3000', true],
  ['http://10.0.0.1', false],
  ['http://localhost.example.com', false],
])('%s is this machine: %p', (origin, expected) => {
  expect(isLoopback(new URL(origin))).toBe(expected);
});
