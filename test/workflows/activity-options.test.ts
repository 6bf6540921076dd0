import { jest } from '@jest/globals';
import type { ActivityOptions } from '@temporalio/workflow';
import { workflowModule } from './workflow-stand-in.ts';

const given: ActivityOptions[] = [];
jest.unstable_mockModule('@temporalio/workflow', () => {
  const module = workflowModule();
  const proxyActivities = (options: ActivityOptions): unknown => {
    given.push(options);
    return module.proxyActivities(options);
  };
  return { ...module, proxyActivities };
});
await import('../../src/workflows/index.ts');

test('a lost worker is noticed by every activity within ten seconds, however long it may take', () => {
  expect(given.length).toBeGreaterThan(5);
  for (const options of given) expect(options.heartbeatTimeout).toBe('10s');
});
