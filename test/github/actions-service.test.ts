import { endpoint } from '../../src/github/actions-service.ts';

describe('the URL of a call', () => {
  it.each([
    [
      'http://h/tenant/123/',
      'my/path',
      { name: 'banana' },
      'http://h/tenant/123/my/path?api-version=6.0-preview&name=banana',
    ],
    ['http://h/tenant/123', '/my//path/', {}, 'http://h/tenant/123/my/path/?api-version=6.0-preview'],
    ['http://h/?z=1&name=old', 'p', { name: 'new' }, 'http://h/p?api-version=6.0-preview&name=new&z=1'],
    ['http://h', 'p', { q: 'a b+c&d#e%' }, 'http://h/p?api-version=6.0-preview&q=a+b%2Bc%26d%23e%25'],
    ['http://h?api-version=7', 'p', {}, 'http://h/p?api-version=7'],
  ])('joins %s and %s', (...[base, path, query, url]) => {
    expect(endpoint(new URL(base), path, query as Record<string, string>).href).toBe(url);
  });
});
