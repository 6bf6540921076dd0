import { jest } from '@jest/globals';
import { forget, noted, workflowModule } from './workflow-stand-in.ts';

jest.unstable_mockModule('@temporalio/workflow', workflowModule);
const { PhaseAttribute } = await import('../../src/workflows/phase-attribute.ts');

beforeEach(forget);

test('a phase is written when it changes, and only then: each time is an event in the history', () => {
  const phase = new PhaseAttribute();
  for (const each of ['Running', 'Running', 'Blocked', 'Blocked', 'Running']) phase.show(each);
  expect(noted.attributes).toEqual(['Running', 'Blocked', 'Running']);
});
