import type { ClusterGauges, WatchedRunnerSet } from '../../../src/activities/cluster-watch/metrics.ts';
import { reportRunners } from '../../../src/activities/cluster-watch/metrics.ts';
import { aSet, seen } from '../../workflows/ephemeral-runner-set/builders.ts';

const namespace = 'team';

const watched = (
  name: string,
  over: Partial<WatchedRunnerSet['runnerSet']>,
  phases: (string | undefined)[],
) => ({
  namespace,
  name,
  runnerSet: aSet(over),
  runners: new Map(
    phases.map((phase, i) => [`r${i}`, seen({ name: `r${i}`, ...(phase !== undefined && { phase }) })]),
  ),
});

function reported(...sets: WatchedRunnerSet[]) {
  const seenBy: { replicas?: unknown; runners?: unknown } = {};
  const gauges: ClusterGauges = {
    replicas: (all) => void (seenBy.replicas = all),
    runners: (all) => void (seenBy.runners = all),
    unwatched: () => undefined,
    refused: () => undefined,
  };
  reportRunners(gauges, sets);
  return seenBy;
}

test('desired and current replicas are those of the set', () => {
  const { replicas } = reported(watched('demo', { replicas: 5 }, ['Running', 'Pending']));
  expect(replicas).toEqual([{ namespace, name: 'demo', desired: 5, current: 2 }]);
});

test('runners are counted by phase; without one they are pending, and those that ended are in none', () => {
  const phases = [undefined, 'Pending', 'Running', 'Failed', 'Succeeded', 'Outdated'];
  const { runners } = reported(watched('demo', {}, phases));
  expect(runners).toMatchObject([{ pending: 2, running: 1, failed: 1 }]);
});

test('runners bear the name of the scale set and the parts of its URL', () => {
  const configUrl = 'https://github.com/octo/app';
  const { runners } = reported(watched('demo-abcde', { scaleSet: 'demo', configUrl }, []));
  expect(runners).toMatchObject([{ namespace, name: 'demo', organization: 'octo', repository: 'app' }]);
});

test('a URL that cannot be read leaves those labels out', () => {
  const { runners } = reported(watched('demo', { configUrl: 'nowhere' }, ['Running']));
  expect(runners).toEqual([{ namespace, name: 'demo', pending: 0, running: 1, failed: 0 }]);
});

test('sets that have gone are in nothing', () => {
  expect(reported()).toEqual({ replicas: [], runners: [] });
});
