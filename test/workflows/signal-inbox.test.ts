import { jest } from '@jest/globals';

const warn = jest.fn();
jest.unstable_mockModule('@temporalio/workflow', () => ({ log: { warn } }));
const { intoInbox } = await import('../../src/workflows/signal-inbox.ts');

test('what can be read is taken in; what cannot is logged, without its content, and ignored', () => {
  const inbox: number[] = [];
  const take = intoInbox(inbox, 'count', (value) =>
    typeof value === 'number' ? undefined : 'count: a number is needed',
  );
  take(1);
  take('secret' as never);
  take(null as never);
  expect(inbox).toEqual([1]);
  expect(warn.mock.calls).toEqual([
    ['A signal that cannot be read was ignored', { signal: 'count', problem: 'count: a number is needed' }],
    ['A signal that cannot be read was ignored', { signal: 'count', problem: 'count: a number is needed' }],
  ]);
});
