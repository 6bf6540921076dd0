import { EXIT } from '../../src/cli/exit-codes.ts';
import { CliError } from '../../src/cli/failure.ts';
import { KubernetesError } from '../../src/kubernetes/client/errors.ts';
import { NOW, World, runnerSet, scaleSet } from './world.ts';

const condition = (type: string, status: string, [reason, message]: [string, string]) => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: '2026-05-01T11:59:00Z',
});

const busySet = () =>
  runnerSet('linux', {
    replicas: 3,
    status: {
      currentReplicas: 2,
      pendingEphemeralRunners: 1,
      runningEphemeralRunners: 1,
      failedEphemeralRunners: 0,
      phase: 'Running',
      conditions: [condition('Ready', 'False', ['Scaling', '2 of 3 runners are there'])],
    },
  });

const unreachable = () =>
  new KubernetesError(
    { verb: 'list', resource: 'ephemeralrunnersets' },
    { message: 'no answer from the API server' },
  );

describe('get', () => {
  it('names an object that cannot be shown, and shows the others', async () => {
    const world = new World();
    const odd = { metadata: { namespace: 'arc', name: 'odd', ownerReferences: [null] }, spec: null };
    world.objects['ephemeralrunnersets'] = [odd, busySet()];
    world.objects['ephemeralrunners'] = [odd];
    const sets = await world.run('get');
    expect([sets.code, sets.out, sets.err]).toEqual([
      0,
      expect.stringContaining('linux'),
      expect.stringContaining('arc/odd'),
    ]);
    expect(await world.run('get runners')).toMatchObject({
      code: 0,
      err: expect.stringContaining('arc/odd'),
    });
  });

  it('shows sets as an aligned table', async () => {
    const world = new World();
    world.objects['ephemeralrunnersets'] = [
      busySet(),
      runnerSet('arm', { annotations: { 'temporal-arc/paused': 'true' } }),
    ];
    const { code, out } = await world.run('get');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'NAMESPACE   NAME    DESIRED   CURRENT   PENDING   RUNNING   FAILED   PHASE            READY             AGE',
      'arc         arm     0         0         0         0         0        Pending,Paused   -                 2h',
      'arc         linux   3         2         1         1         0        Running          False (Scaling)   2h',
      '',
    ]);
    expect(world.open).toBe(0);
  });

  it('shows more with -o wide, and keeps the shape of -o json', async () => {
    const world = new World();
    world.objects['ephemeralrunnersets'] = [busySet()];
    expect((await world.run('get -o wide')).out).toContain('https://github.com/octo');
    expect(JSON.parse((await world.run('get sets arc/linux -o json')).out)).toEqual({
      items: [
        {
          namespace: 'arc',
          name: 'linux',
          autoscalingRunnerSet: '',
          desired: 3,
          current: 2,
          pending: 1,
          running: 1,
          failed: 0,
          phase: 'Running',
          ready: 'False',
          reason: 'Scaling',
          message: '2 of 3 runners are there',
          paused: false,
          pausedByItself: false,
          githubConfigUrl: 'https://github.com/octo',
          runnerScaleSetId: 12,
          createdAt: '2026-05-01T10:00:00Z',
        },
      ],
    });
  });

  it('shows runners, of one set when asked', async () => {
    const world = new World();
    const runner = (name: string, set: string, status: object) => ({
      metadata: { name, namespace: 'arc', ownerReferences: [{ kind: 'EphemeralRunnerSet', name: set }] },
      status,
    });
    world.objects['ephemeralrunners'] = [
      runner('b', 'linux', {
        phase: 'Running',
        ready: true,
        runnerId: 9,
        jobId: 'j1',
        jobDisplayName: 'build',
      }),
      runner('a', 'arm', { phase: 'Failed', reason: 'PodFailed' }),
    ] as never;
    const { out } = await world.run('get runners --set linux -n arc');
    expect(out).toMatch(/^NAMESPACE .*\narc +b +linux +Running +true +build +9 +-\n$/);
    expect(JSON.parse((await world.run('get er -o json')).out)).toMatchObject({
      items: [{ name: 'a' }, { name: 'b' }],
    });
  });

  it('says when there is nothing, and keeps JSON whole', async () => {
    const world = new World();
    expect(await world.run('get -n empty')).toEqual({
      code: 0,
      out: '',
      err: 'Nothing found in namespace empty.\n',
    });
    expect(JSON.parse((await world.run('get -o json')).out)).toEqual({ items: [] });
  });

  it('colours on a terminal only', async () => {
    const world = new World();
    world.objects['ephemeralrunnersets'] = [busySet()];
    expect((await world.run('get')).out).not.toContain('\u001b');
    world.tty = true;
    expect((await world.run('get')).out).toContain('\u001b[');
    expect((await world.run('get', { NO_COLOR: '1' })).out).not.toContain('\u001b');
  });

  it('answers 3 for what does not exist and 4 for a cluster out of reach', async () => {
    const world = new World();
    const missing = await world.run('get sets nope');
    expect([missing.code, missing.err]).toEqual([
      3,
      expect.stringContaining('from-context/nope: no such object'),
    ]);
    world.faults.cluster = unreachable();
    const lost = await world.run('get');
    expect([lost.code, lost.err]).toEqual([4, expect.stringContaining('check --kubeconfig')]);
    expect(world.open).toBe(0);
  });
});

describe('scale', () => {
  it('goes through the workflow of the set', async () => {
    const world = new World();
    const { code, out } = await world.run(
      'scale arc/linux --replicas 5 --cluster east --temporal-namespace ci',
    );
    expect([code, out]).toEqual([0, 'arc/linux scaled from 2 to 5\n']);
    expect(world.orders).toEqual(['arc/linux scale 5']);
    expect(world.targets).toMatchObject([{ cluster: 'east', target: { temporalNamespace: 'ci' } }]);
  });

  it('takes the namespace from -n, or from the context', async () => {
    const world = new World();
    await world.run('scale linux --replicas 0 -n team');
    await world.run('scale linux --replicas 0');
    expect(world.orders).toEqual(['team/linux scale 0', 'from-context/linux scale 0']);
  });

  it('takes the cluster from its variable', async () => {
    const world = new World();
    await world.run('scale arc/linux --replicas 0', { TEMPORAL_ARC_CLUSTER: 'west' });
    expect(world.targets[0]?.cluster).toBe('west');
  });

  it('waits until as many are there, and tells how far it is', async () => {
    const world = new World();
    let current = 2;
    world.onRead = () => {
      world.objects['ephemeralrunnersets'] = [
        runnerSet('linux', { replicas: 4, status: { currentReplicas: current++ } }),
      ];
    };
    const { code, out, err } = await world.run('scale arc/linux --replicas 4 --wait -o json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      namespace: 'arc',
      name: 'linux',
      replicas: 4,
      previous: 2,
      current: 4,
    });
    expect(err.split('\n').slice(0, 2)).toEqual([
      'arc/linux: 2 of 4 (0 running, 0 pending)',
      'arc/linux: 3 of 4 (0 running, 0 pending)',
    ]);
  });

  it('gives up at the time limit and says what holds it', async () => {
    const world = new World();
    const conditions = [condition('CreationBlocked', 'True', ['SecretNotFound', 'Secret gh is missing'])];
    world.objects['ephemeralrunnersets'] = [
      runnerSet('linux', { replicas: 4, status: { currentReplicas: 1, conditions } }),
    ];
    const { code, err } = await world.run('scale arc/linux --replicas 4 --wait --timeout 3s');
    expect(code).toBe(1);
    expect(err).toContain('error: --timeout 3s is over. arc/linux: 1 of 4');
    expect(err).toContain('SecretNotFound: Secret gh is missing');
  });

  it('stops waiting when somebody else scales', async () => {
    const world = new World();
    world.objects['ephemeralrunnersets'] = [runnerSet('linux', { replicas: 9 })];
    const { code, err } = await world.run('scale arc/linux --replicas 4 --wait');
    expect([code, err]).toEqual([1, expect.stringContaining('arc/linux now wants 9, not 4')]);
  });

  it.each([
    [EXIT.notFound, 'there is no workflow'],
    [EXIT.unreachable, 'no worker answered'],
  ])('answers %i when %s', async (exitCode, message) => {
    const world = new World();
    world.faults.workflow = new CliError(exitCode, message);
    expect(await world.run('scale arc/linux --replicas 1')).toEqual({
      code: exitCode,
      out: '',
      err: `error: ${message}\n`,
    });
    expect(world.open).toBe(0);
  });
});

describe('pause and resume', () => {
  const worldOf = (scaleSets: string[], sets: ReturnType<typeof runnerSet>[]) => {
    const world = new World();
    world.objects['autoscalingrunnersets'] = scaleSets.map(scaleSet);
    world.objects['ephemeralrunnersets'] = sets;
    return world;
  };
  const paused = { 'temporal-arc/paused': 'true' };

  it('order it from the workflow of a set that belongs to none', async () => {
    const world = worldOf(['other'], [runnerSet('linux')]);
    expect((await world.run('pause arc/linux')).out).toBe('EphemeralRunnerSet arc/linux paused\n');
    expect(JSON.parse((await world.run('resume arc/linux -o json')).out)).toEqual({
      kind: 'EphemeralRunnerSet',
      namespace: 'arc',
      name: 'linux',
      paused: false,
    });
    expect(world.orders).toEqual(['arc/linux pause', 'arc/linux resume']);
    expect(world.open).toBe(0);
  });

  it('mean the scale set when its set has the same name', async () => {
    const world = worldOf(['linux'], [runnerSet('linux', { owner: 'linux' })]);
    expect((await world.run('pause arc/linux')).out).toBe('AutoscalingRunnerSet arc/linux paused\n');
    expect(JSON.parse((await world.run('resume arc/linux -o json')).out)).toEqual({
      kind: 'AutoscalingRunnerSet',
      namespace: 'arc',
      name: 'linux',
      paused: false,
    });
    expect(world.orders).toEqual(['scale set arc/linux pause', 'scale set arc/linux resume']);
  });

  it('go to the scale set when one of its sets is named, and say so', async () => {
    const world = worldOf(['linux'], [runnerSet('linux-x7k2p', { owner: 'linux' })]);
    expect((await world.run('pause linux-x7k2p -n arc')).out).toBe(
      'AutoscalingRunnerSet arc/linux paused\n' +
        'EphemeralRunnerSet arc/linux-x7k2p belongs to it and follows\n',
    );
    expect(world.orders).toEqual(['scale set arc/linux pause']);
  });

  it('tell of a set that only bears the same name', async () => {
    const world = worldOf(['linux'], [runnerSet('linux'), runnerSet('linux-x7k2p', { owner: 'linux' })]);
    expect((await world.run('pause arc/linux')).out).toBe(
      'AutoscalingRunnerSet arc/linux paused\n' +
        'EphemeralRunnerSet arc/linux does not belong to it and stays as it is\n',
    );
  });

  it('resume what was paused by itself as well, after the scale set', async () => {
    const world = worldOf(
      ['linux'],
      [
        runnerSet('linux-x7k2p', { owner: 'linux', annotations: paused }),
        runnerSet('linux-older', {
          owner: 'linux',
          annotations: { ...paused, 'temporal-arc/paused-with-owner': 'true' },
        }),
        runnerSet('arm', { owner: 'arm', annotations: paused }),
      ],
    );
    expect((await world.run('resume arc/linux')).out).toBe(
      'AutoscalingRunnerSet arc/linux resumed\n' +
        'EphemeralRunnerSet arc/linux-x7k2p was paused by itself: resumed too\n',
    );
    expect(world.orders).toEqual(['scale set arc/linux resume', 'arc/linux-x7k2p resume']);
    expect(JSON.parse((await world.run('resume arc/linux-x7k2p -o json')).out)).toEqual({
      kind: 'AutoscalingRunnerSet',
      namespace: 'arc',
      name: 'linux',
      paused: false,
      alsoResumed: ['linux-x7k2p'],
    });
  });

  it('take a set whose scale set is gone for what it is', async () => {
    const world = worldOf([], [runnerSet('linux', { owner: 'linux' })]);
    expect((await world.run('pause arc/linux')).out).toBe('EphemeralRunnerSet arc/linux paused\n');
  });

  it('answer 3 for a name that nothing has', async () => {
    const world = worldOf(['linux'], []);
    const { code, err } = await world.run('pause arc/nope');
    expect([code, err]).toEqual([
      3,
      expect.stringContaining('arc/nope: neither an AutoscalingRunnerSet nor'),
    ]);
    expect(world.orders).toEqual([]);
  });
});

describe('describe', () => {
  const world = () => {
    const made = new World();
    made.objects['ephemeralrunnersets'] = [busySet()];
    made.objects['events'] = [
      {
        metadata: { name: 'e', namespace: 'arc' },
        type: 'Warning',
        reason: 'RunnerFailed',
        message: 'exit code 1',
        count: 2,
        lastTimestamp: new Date(NOW - 5000).toISOString(),
      },
    ] as never;
    return made;
  };

  it('joins what Kubernetes and Temporal know', async () => {
    const { code, out } = await world().run('describe arc/linux');
    expect(code).toBe(0);
    for (const line of [
      /^Current: +2 \(1 running, 1 pending, 0 failed\)$/m,
      /^ {2}Ready +False +60s ago +Scaling +2 of 3/m,
      /^ {2}5s ago +Warning +2 +RunnerFailed +exit code 1$/m,
      /^ {2}Id: +default\/ephemeralrunnerset\/arc\/linux$/m,
      /^ {2}createRunners +SCHEDULED +3 +- +GitHub is down$/m,
      /^ {2}SecretNotFound: Secret arc\/gh is missing$/m,
      /^ {2}linux-runner-b +busy +Running +7 +90s +-$/m,
    ]) {
      expect(out).toMatch(line);
    }
  });

  it('keeps the shape of its JSON', async () => {
    const { out } = await world().run('describe arc/linux -o json');
    expect(JSON.parse(out)).toMatchObject({
      set: { name: 'linux', conditions: [{ type: 'Ready' }] },
      events: [{ reason: 'RunnerFailed', count: 2 }],
      workflow: { pendingActivities: [{ attempt: 3 }] },
      state: { busy: 1 },
    });
  });

  it('shows the Kubernetes part when Temporal does not answer', async () => {
    const made = world();
    made.faults.workflow = new CliError(EXIT.unreachable, 'Temporal does not answer');
    const { code, out, err } = await made.run('describe arc/linux');
    expect(code).toBe(4);
    expect(out).toContain('RunnerFailed');
    expect(out).toContain('Missing:\n  Temporal does not answer');
    expect(err).toBe('error: Temporal does not answer\n');
  });

  it('answers 3 for a set that does not exist', async () => {
    expect((await world().run('describe arc/nope')).code).toBe(3);
  });

  it.each([
    [{}, 'yes, by itself; "temporal-arc resume" lets both go on'],
    [{ 'temporal-arc/paused-with-owner': 'true' }, 'yes, with its AutoscalingRunnerSet; "temporal'],
  ])('finds a set by its scale set, and says how it was paused: %j', async (more, words) => {
    const made = world();
    const annotations = { 'temporal-arc/paused': 'true', ...more };
    made.objects['ephemeralrunnersets'] = [runnerSet('arm-x7k2p', { owner: 'arm', annotations })];
    const { code, out } = await made.run('describe arc/arm');
    expect(code).toBe(0);
    expect(out).toMatch(/^Belongs to: +AutoscalingRunnerSet arm$/m);
    expect(out).toContain(words);
    expect(made.orders).toContain('arc/arm-x7k2p describe');
    expect((await made.run('get sets arc/arm')).out).toContain('arm-x7k2p');
  });
});

describe('crds apply', () => {
  it('says what became of each', async () => {
    const world = new World();
    const { code, out } = await world.run('crds apply --context east');
    expect(code).toBe(0);
    expect(world.crdsOf).toMatchObject({ context: 'east' });
    expect(out).toBe(
      'ephemeralrunners.actions.github.com updated\nephemeralrunnersets.actions.github.com created\n',
    );
    const json = await world.run('crds apply -o json');
    expect(JSON.parse(json.out)).toContainEqual({
      crd: 'ephemeralrunners.actions.github.com',
      change: 'updated',
    });
  });

  it('fails in one line', async () => {
    const world = new World();
    world.faults.cluster = new Error('no cluster');
    expect(await world.run('crds apply')).toEqual({ code: 1, out: '', err: 'error: no cluster\n' });
  });
});

describe('worker', () => {
  it('starts with what flags and variables say', async () => {
    const world = new World();
    const line =
      'worker --cluster east --watch-namespace a --watch-namespace b,c --runner-creation-concurrency=50';
    expect((await world.run(line, { TEMPORAL_ARC_LOG_LEVEL: 'error' })).code).toBe(0);
    expect(world.worker).toMatchObject({
      cluster: 'east',
      watchNamespaces: ['a', 'b', 'c'],
      runnerCreationConcurrency: 50,
      logLevel: 'error',
    });
  });

  it("accepts the arguments of ARC's chart and says what has no effect", async () => {
    const world = new World();
    const { code, err } = await world.run(
      'worker --auto-scaling-runner-set-only --enable-leader-election --log-level=debug --log-format=text ' +
        '--runner-max-concurrent-reconciles=2 --watch-single-namespace=team --metrics-addr=0 --k8s-client-rate-limiter-qps=20',
    );
    expect(code).toBe(0);
    expect(world.worker).toMatchObject({
      watchNamespaces: ['team'],
      runnerCreationConcurrency: 10,
      metricsAddress: undefined,
    });
    expect(err).toContain('--k8s-client-rate-limiter-qps has no effect');
    expect(err).toContain('--auto-scaling-runner-set-only has no effect');
  });

  it('refuses all that is wrong together', async () => {
    const world = new World();
    const { code, err } = await world.run(
      'worker --log-level loud --metrics-adr x --kubernetes-connections 0 -n team',
      {
        TEMPORAL_ARC_LOG_FORMATT: 'json',
      },
    );
    expect(code).toBe(2);
    expect(world.worker).toBeUndefined();
    for (const part of [
      '--namespace',
      '--log-level',
      'mean --metrics-addr?',
      '--kubernetes-connections',
      'mean TEMPORAL_ARC_LOG_FORMAT?',
    ]) {
      expect(err).toContain(part);
    }
    expect(err.trimEnd().split('\n')).toHaveLength(5);
  });
});

describe('bootstrap', () => {
  it('says what it made and what was there', async () => {
    const world = new World();
    const { code, out } = await world.run('bootstrap --temporal-namespace runners --retention-days 7');
    expect(code).toBe(EXIT.ok);
    expect(out).toBe(
      'Namespace runners: created, closed workflows are kept for 3 days\nSearch attributes: added ArcCluster, ArcPhase\n',
    );
    const json = JSON.parse((await world.run('bootstrap -o json')).out) as object;
    expect(json).toMatchObject({ namespace: 'default', did: 'created', retentionDays: 3 });
    expect(world.orders).toEqual(['bootstrap runners 7', 'bootstrap default as it is']);
  });

  it.each(['0', '-1', '1.5', 'week', '36501'])('refuses a retention of %s', async (days) => {
    const { code, err } = await new World().run(`bootstrap --retention-days=${days}`);
    expect([code, err]).toEqual([EXIT.usage, expect.stringContaining('--retention-days')]);
  });
});
