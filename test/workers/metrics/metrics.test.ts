import type { WaitNotice } from '../../../src/github/rate-limit-waits.ts';
import { createMetrics } from '../../../src/workers/metrics/metrics.ts';

const create = () => createMetrics({ version: '1.2.3', processMetrics: false });

/** The samples of one metric. */
const samples = async (metrics: ReturnType<typeof create>, name: string): Promise<string[]> =>
  (await metrics.text()).split('\n').filter((line) => line.startsWith(name));

describe('createMetrics', () => {
  it('counts one observation a runner, by set', async () => {
    const metrics = create();
    metrics.runnerCreated('arc', 'linux', 0.2);
    metrics.runnerCreated('arc', 'linux', 3);
    expect(await samples(metrics, 'ephemeral_runner_creation_duration_seconds_count')).toEqual([
      'ephemeral_runner_creation_duration_seconds_count{namespace="arc",ephemeral_runner_set="linux"} 2',
    ]);
  });

  it('replaces the gauges of all sets at once', async () => {
    const metrics = create();
    metrics.replicas([
      { namespace: 'arc', name: 'linux', desired: 5, current: 3 },
      { namespace: 'arc', name: 'arm', desired: 1, current: 1 },
    ]);
    metrics.replicas([{ namespace: 'arc', name: 'linux', desired: 6, current: 3 }]);
    expect(await samples(metrics, 'ephemeral_runner_set_replicas')).toEqual([
      'ephemeral_runner_set_replicas{namespace="arc",name="linux",state="desired"} 6',
      'ephemeral_runner_set_replicas{namespace="arc",name="linux",state="current"} 3',
    ]);
    metrics.replicas([]);
    expect(await samples(metrics, 'ephemeral_runner_set_replicas')).toEqual([]);
  });

  it("has ARC's gauges with ARC's labels", async () => {
    const metrics = create();
    metrics.runners([
      {
        namespace: 'arc',
        name: 'linux',
        organization: 'octo',
        repository: 'cat',
        pending: 1,
        running: 2,
        failed: 3,
      },
    ]);
    metrics.listeners([
      { namespace: 'arc-system', name: 'linux-listener', enterprise: 'big', running: true },
    ]);
    const labels = 'name="linux",namespace="arc",repository="cat",organization="octo",enterprise=""';
    expect(await samples(metrics, 'gha_controller_')).toEqual([
      `gha_controller_pending_ephemeral_runners{${labels}} 1`,
      `gha_controller_running_ephemeral_runners{${labels}} 2`,
      `gha_controller_failed_ephemeral_runners{${labels}} 3`,
      'gha_controller_running_listeners{name="linux-listener",namespace="arc-system",repository="",organization="",enterprise="big"} 1',
    ]);
  });

  it('counts requests by answer', async () => {
    const metrics = create();
    metrics.kubernetesRequest({ verb: 'create', resource: 'pods', status: 201 });
    metrics.kubernetesRequest({ verb: 'get', resource: 'pods', status: undefined });
    metrics.githubRequest({ call: 'generate JIT config', status: 200 });
    expect(await samples(metrics, 'temporal_arc_')).toEqual([
      'temporal_arc_kubernetes_requests_total{verb="create",resource="pods",code="201"} 1',
      'temporal_arc_kubernetes_requests_total{verb="get",resource="pods",code="none"} 1',
      'temporal_arc_github_requests_total{call="generate JIT config",code="200"} 1',
      'temporal_arc_build_info{version="1.2.3"} 1',
    ]);
  });

  it("tells the budgets of GitHub's REST API until they are whole again", async () => {
    let now = 1_000_000;
    const metrics = createMetrics({ processMetrics: false, now: () => now });
    const budget = { configUrl: 'https://github.com/org', resource: 'core', limit: 5000, resetAt: 1_060_000 };
    metrics.githubBudget({ ...budget, remaining: 17 });
    metrics.githubBudget({ ...budget, remaining: 16 });
    const labels = '{config_url="https://github.com/org",resource="core"}';
    expect(await samples(metrics, 'temporal_arc_github_rate')).toEqual([
      `temporal_arc_github_rate_limit_remaining${labels} 16`,
      `temporal_arc_github_rate_limit_limit${labels} 5000`,
      `temporal_arc_github_rate_limit_reset_timestamp_seconds${labels} 1060`,
    ]);
    now = 1_060_000;
    expect(await samples(metrics, 'temporal_arc_github_rate')).toEqual([]);
  });

  it('tells how long the pauses still last that GitHub asked for', async () => {
    const configUrl = 'https://github.com/org';
    const pauses: WaitNotice[] = [
      { configUrl, scope: 'all', until: 32_500 },
      { configUrl, scope: 'rest', until: 30_000 },
      { configUrl, scope: 'rest', resource: 'core', until: 40_000 },
    ];
    const metrics = createMetrics({ processMetrics: false, pauses: () => pauses, now: () => 20_000 });
    expect(await samples(metrics, 'temporal_arc_github_pause')).toEqual([
      'temporal_arc_github_pause_seconds{config_url="https://github.com/org",scope="all"} 12.5',
      'temporal_arc_github_pause_seconds{config_url="https://github.com/org",scope="rest"} 10',
      'temporal_arc_github_pause_seconds{config_url="https://github.com/org",scope="rest",resource="core"} 20',
    ]);
    pauses.length = 0;
    expect(await samples(metrics, 'temporal_arc_github_pause')).toEqual([]);
  });

  it('observes passes by controller', async () => {
    const metrics = create();
    metrics.reconciled('ephemeralrunnerset', 0.03);
    expect(await samples(metrics, 'controller_runtime_reconcile_time_seconds_sum')).toEqual([
      'controller_runtime_reconcile_time_seconds_sum{controller="ephemeralrunnerset"} 0.03',
    ]);
  });

  it('forgets a set entirely', async () => {
    const metrics = create();
    metrics.runnerCreated('arc', 'gone', 1);
    metrics.runnerCreated('arc', 'linux', 1);
    metrics.replicas([{ namespace: 'arc', name: 'gone', desired: 1, current: 1 }]);
    metrics.replicas([]);
    const text = await metrics.text();
    expect(text).not.toContain('"gone"');
    expect(text).toContain('"linux"');
  });

  it('describes each metric for the documentation', () => {
    const described = create().describe();
    expect(new Set(described.map(({ name }) => name)).size).toBe(described.length);
    for (const { help } of described) expect(help).toMatch(/\.$/);
    expect(described[1]).toMatchObject({
      name: 'ephemeral_runner_set_replicas',
      type: 'gauge',
      labels: ['namespace', 'name', 'state'],
    });
  });

  it('adds the metrics of the process unless told otherwise', async () => {
    expect(await createMetrics().text()).toContain('process_cpu_seconds_total');
  });
});
