import { World } from './world.ts';

describe('help', () => {
  it('shows purpose, commands, options, examples and exit codes', async () => {
    const { code, out, err } = await new World().run('--help');
    expect([code, err]).toEqual([0, '']);
    for (const text of [
      'durable Temporal workflows',
      'worker',
      'scale <set>',
      '--kubeconfig',
      'Examples:',
      'Exit codes:',
    ]) {
      expect(out).toContain(text);
    }
    expect(out.indexOf('Steer:')).toBeLessThan(out.indexOf('Cluster:'));
  });

  it('is the answer to no arguments', async () => {
    const world = new World();
    expect(await world.run('')).toEqual(await world.run('--help'));
  });

  it.each(['worker', 'get', 'describe', 'scale', 'pause', 'resume', 'version'])(
    'has a page for %s',
    async (name) => {
      const { code, out } = await new World().run(`${name} --help`);
      expect(code).toBe(0);
      expect(out).toContain(`Usage: temporal-arc ${name}`);
    },
  );

  it('lists each worker setting with its variable', async () => {
    const { out } = await new World().run('worker --help');
    expect(out.replaceAll(/\s+/g, ' ')).toContain(
      '(default: 10, env: TEMPORAL_ARC_RUNNER_CREATION_CONCURRENCY)',
    );
  });
});

describe('command lines that are wrong', () => {
  it.each([
    ['scale demo --replicas -1', "'-1' is invalid. Give a whole number from 0"],
    ['scale demo --replicas abc', "'abc' is invalid. Give a whole number"],
    ['scale demo --replicas 1.5', "'1.5' is invalid"],
    ['scale demo', '--replicas is missing'],
    ['scale demo --replica 3', 'Did you mean --replicas?'],
    ['scale demo --replicas 3 --timeout soon', 'Give a duration'],
    ['scal demo', 'Did you mean scale?'],
    ['scale', "missing required argument 'set'"],
    ['scale A_B --replicas 1', '"A_B" is not a name'],
    ['scale a/b/c --replicas 1', '"a/b/c" is not a name'],
    ['scale a/b -n c --replicas 1', 'name two namespaces'],
    ['get -o yaml', 'Allowed choices are table, json, wide'],
    ['get runer', 'did you mean runner?'],
    ['get pods', 'give "sets" or "runners"'],
    ['get sets --set x', '--set goes with "get runners" only'],
    ['get sets a b', 'too many arguments'],
    ['pause demo --cluster Bad_Name', '--cluster (or TEMPORAL_ARC_CLUSTER): "Bad_Name" is not allowed'],
    ['pause demo --temporal-address nowhere', '"nowhere" is not allowed'],
  ])('%s', async (line, message) => {
    const world = new World();
    const { code, out, err } = await world.run(line);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(message);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect(world.orders).toEqual([]);
  });
});

describe('version', () => {
  it('is told by the flag and by the command', async () => {
    const world = new World();
    const { version } = JSON.parse((await world.run('version -o json')).out) as { version: string };
    expect((await world.run('--version')).out).toBe(`${version}\n`);
    expect((await world.run('version')).out).toContain(`temporal-arc ${version} (Temporal SDK`);
  });
});

describe('debug', () => {
  it('shows stacks and causes only when asked, without secrets', async () => {
    const world = new World();
    const cause = new Error('the token ghs_abcdefghijklmnopqrstuvwxyz0123456789 was refused');
    world.faults.workflow = new Error('it broke', { cause });
    const short = await world.run('scale arc/linux --replicas 1');
    expect(short).toEqual({ code: 1, out: '', err: 'error: it broke\n' });
    world.faults.workflow = new Error('it broke', { cause });
    const long = await world.run('scale arc/linux --replicas 1 --debug');
    expect(long.err).toContain('caused by: Error: the token [redacted] was refused');
  });
});
