import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveEndpoints } from '../../src/workers/http-server.ts';
import type { Endpoints, EndpointsOptions, Readiness } from '../../src/workers/http-server.ts';
import { createMetrics } from '../../src/workers/metrics/metrics.ts';

const loopback = { host: '127.0.0.1', port: 0 };

describe('serveEndpoints', () => {
  const opened: Endpoints[] = [];
  const serve = async (options: Partial<EndpointsOptions> = {}): Promise<Endpoints> => {
    const metrics = createMetrics({ processMetrics: false });
    const endpoints = await serveEndpoints({
      metricsAddress: loopback,
      healthAddress: loopback,
      metrics,
      checks: {},
      ...options,
    });
    opened.push(endpoints);
    return endpoints;
  };
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((endpoints) => endpoints.close()));
  });

  it('serves metrics and health on their own ports', async () => {
    const { metricsUrl, healthUrl } = await serve();
    const metrics = await fetch(`${metricsUrl}/metrics`);
    expect(metrics.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await metrics.text()).toContain('temporal_arc_build_info');
    expect((await fetch(`${healthUrl}/healthz`)).status).toBe(200);
    expect((await fetch(`${metricsUrl}/healthz`)).status).toBe(404);
  });

  it('serves metrics beside health, where they have no address of their own', async () => {
    const { metricsUrl, healthUrl } = await serve({ metricsAddress: undefined });
    expect(metricsUrl).toBeUndefined();
    expect(await (await fetch(`${healthUrl}/metrics`)).text()).toContain('temporal_arc_build_info');
  });

  it('names the parts that are not ready, without secrets', async () => {
    const { healthUrl } = await serve({
      checks: {
        temporal: () => Promise.resolve(),
        kubernetes: () => Promise.reject(new Error('refused: ghp_0123456789abcdefghijABCDEFGHIJ')),
        worker: () => {
          throw new Error('not polling');
        },
      },
    });
    const response = await fetch(`${healthUrl}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      status: 'not ready',
      checks: {
        temporal: { ok: true },
        kubernetes: { ok: false, message: 'refused: [redacted]' },
        worker: { ok: false, message: 'not polling' },
      },
    } satisfies Readiness);
    expect((await fetch(`${healthUrl}/healthz`)).status).toBe(200);
  });

  it('becomes ready again, and shares one run of the checks among probes', async () => {
    let runs = 0;
    let broken = true;
    const temporal = async () => {
      runs += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (broken) throw new Error('down');
    };
    const { healthUrl } = await serve({ checks: { temporal } });
    const statuses = await Promise.all(
      [1, 2, 3].map(async () => (await fetch(`${healthUrl}/readyz`)).status),
    );
    expect(statuses).toEqual([503, 503, 503]);
    expect(runs).toBeLessThan(3);
    broken = false;
    expect((await fetch(`${healthUrl}/readyz`)).status).toBe(200);
  });

  it('does not wait for a check that hangs, and ends it', async () => {
    let ended = false;
    const hang = (signal: AbortSignal) =>
      new Promise<void>(() => signal.addEventListener('abort', () => (ended = true)));
    const { healthUrl } = await serve({ checks: { hang }, checkTimeoutMs: 30 });
    const readiness = (await (await fetch(`${healthUrl}/readyz`)).json()) as Readiness;
    expect(readiness.checks['hang']).toEqual({ ok: false, message: 'no answer within 0.03 s' });
    expect(ended).toBe(true);
  });

  it('refuses other methods and paths', async () => {
    const { healthUrl } = await serve();
    const posted = await fetch(`${healthUrl}/healthz`, { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await (await fetch(`${healthUrl}/nope`)).text()).toBe(
      'Served here: /healthz, /readyz, /metrics\n',
    );
    expect((await fetch(`${healthUrl}/constructor`)).status).toBe(404);
  });

  it('serves nothing where the address is off', async () => {
    const { metricsUrl, healthUrl } = await serve({ metricsAddress: undefined, healthAddress: undefined });
    expect([metricsUrl, healthUrl]).toEqual([undefined, undefined]);
  });

  it('serves both from one port, and names the setting of a port that is taken', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', () => resolve()));
    const { port } = blocker.address() as AddressInfo;
    const address = { host: '127.0.0.1', port };
    await expect(serve({ healthAddress: address })).rejects.toThrow(
      `--health-probe-bind-address 127.0.0.1:${port}: another process listens there; give another address, or 0 for none.`,
    );
    await new Promise((resolve) => blocker.close(resolve));
    const { metricsUrl, healthUrl } = await serve({ metricsAddress: address, healthAddress: address });
    expect(metricsUrl).toBe(healthUrl);
    expect((await fetch(`${healthUrl}/metrics`)).status).toBe(200);
    expect((await fetch(`${healthUrl}/readyz`)).status).toBe(200);
  });
});
