import { jest } from '@jest/globals';
import { forget, noted, workflowModule } from './workflow-stand-in.ts';

jest.unstable_mockModule('@temporalio/workflow', workflowModule);
const { reconciled } = await import('../../src/workflows/metrics-sink.ts');

beforeEach(forget);

test.each([
  ['so many seconds after the change was seen', 2_500, 2.5],
  ['at once', 0, 0],
  ['before it was seen, by the clocks: at once', -3_000, 0],
])('a pass was carried out %s', (_what, milliseconds, seconds) => {
  jest.spyOn(Date, 'now').mockReturnValue(1_800_000_000_000);
  reconciled('ephemeralrunnerset', Date.now() - milliseconds);
  expect(noted.sinkCalls).toEqual([['metrics', 'reconciled', 'ephemeralrunnerset', seconds]]);
});
