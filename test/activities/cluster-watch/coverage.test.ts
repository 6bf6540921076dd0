import { Coverage } from '../../../src/activities/cluster-watch/coverage.ts';
import type { Feed } from '../../../src/activities/cluster-watch/coverage.ts';

const OF_RUNNERS: Feed[] = ['runnerSets', 'runners', 'pods'];
const runnerSet = (namespace: string) => ({ namespace, runnerSet: 'demo' });
const scaleSet = (namespace: string) => ({ namespace, autoscalingRunnerSet: 'demo' });
const listener = (namespace: string) => ({ namespace, listener: 'demo-listener' });

function covering(feeds: readonly Feed[], namespace?: string, controllerNamespace?: string): Coverage {
  const coverage = new Coverage(controllerNamespace);
  for (const feed of feeds) coverage.add({ feed, namespace });
  return coverage;
}

test('a set is told when its namespace has been listed whole, not before', () => {
  for (const missing of OF_RUNNERS) {
    const others = OF_RUNNERS.filter((feed) => feed !== missing);
    expect(covering([...others, 'scaleSets', 'listeners', 'listenerPods'], 'a').covers(runnerSet('a'))).toBe(
      false,
    );
  }
  expect(covering(OF_RUNNERS, 'a').covers(runnerSet('a'))).toBe(true);
  expect(covering(OF_RUNNERS, 'a').covers({ namespace: 'a' })).toBe(true);
  expect(covering(OF_RUNNERS, 'a').covers(runnerSet('b'))).toBe(false);
});

test('what was listed in all namespaces covers each', () => {
  expect(covering(OF_RUNNERS).covers(runnerSet('any'))).toBe(true);
});

test('a scale set needs its children as well, listeners where they live', () => {
  const beside = covering([...OF_RUNNERS, 'scaleSets'], 'a');
  expect(beside.covers(scaleSet('a'))).toBe(false);
  beside.add({ feed: 'listeners', namespace: 'a' });
  expect(beside.covers(scaleSet('a'))).toBe(true);
  const central = covering([...OF_RUNNERS, 'scaleSets', 'listeners'], 'a', 'systems');
  expect(central.covers(scaleSet('a'))).toBe(false);
  central.add({ feed: 'listeners', namespace: 'systems' });
  expect(central.covers(scaleSet('a'))).toBe(true);
});

test('a listener needs the runners of the scale set that it serves', () => {
  const coverage = covering(['listeners', 'listenerPods'], 'systems', 'systems');
  expect(coverage.covers(listener('systems'), 'a')).toBe(false);
  for (const feed of OF_RUNNERS) coverage.add({ feed, namespace: 'a' });
  expect(coverage.covers(listener('systems'), 'a')).toBe(true);
  expect(coverage.covers(listener('systems'), 'b')).toBe(false);
});

test('what was listed once is no news when it is listed again', () => {
  const coverage = new Coverage();
  expect(coverage.add({ feed: 'pods', namespace: 'a' })).toBe(true);
  expect(coverage.add({ feed: 'pods', namespace: 'a' })).toBe(false);
  expect(coverage.add({ feed: 'pods', namespace: 'b' })).toBe(true);
});
