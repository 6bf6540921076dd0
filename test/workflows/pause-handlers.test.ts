import { jest } from '@jest/globals';
import { CancelledFailure } from '@temporalio/common';
import type { Handler } from './workflow-stand-in.ts';
import { activityFailure, failureOf, forget, noted, workflowModule } from './workflow-stand-in.ts';

jest.unstable_mockModule('@temporalio/workflow', workflowModule);
const { handlePauses, handleSignal } = await import('../../src/workflows/pause-handlers.ts');

beforeEach(forget);

const handler = (name: string): Handler => noted.handlers.get(name)!;
const failing = (error: Error) => () => Promise.reject(error);

describe('a pause', () => {
  const handled = (answer: (paused: boolean) => Promise<{ paused: boolean }>) => {
    const asked: boolean[] = [];
    handlePauses((paused) => {
      asked.push(paused);
      return answer(paused);
    });
    return asked;
  };
  const done = (paused: boolean) => Promise.resolve({ paused });

  test.each([
    ['update pause', true],
    ['update resume', false],
  ])('%s answers', async (name, paused) => {
    const asked = handled(done);
    await expect(handler(name)()).resolves.toEqual({ paused });
    expect(asked).toEqual([paused]);
  });

  test.each([
    ['signal pause', true],
    ['signal resume', false],
  ])('%s does not', async (name, paused) => {
    const asked = handled(done);
    await expect(handler(name)()).resolves.toBeUndefined();
    expect(asked).toEqual([paused]);
  });

  test('that cannot be carried out fails the update, and not the workflow that was signalled', async () => {
    const refused = failureOf('Forbidden', 'may not patch');
    handled(failing(refused));
    await expect(handler('update pause')()).rejects.toBe(refused);
    await handler('signal pause')();
    await handler('signal resume')();
    expect(noted.warnings.map(([, about]) => about)).toEqual([
      { order: 'pause', reason: 'Forbidden', message: 'may not patch' },
      { order: 'resume', reason: 'Forbidden', message: 'may not patch' },
    ]);
  });

  test('takes no other name', () => {
    handled(done);
    expect([...noted.handlers.keys()].sort()).toEqual([
      'signal pause',
      'signal resume',
      'update pause',
      'update resume',
    ]);
  });
});

describe('a signal', () => {
  test('that is carried out leaves no word', async () => {
    await handleSignal('scale', () => Promise.resolve('done'));
    expect(noted.warnings).toEqual([]);
  });

  test.each([
    ['is cancelled', new CancelledFailure('cancelled')],
    ['whose activity is cancelled', activityFailure(new CancelledFailure('cancelled'))],
    ['that stumbles over a mistake of ours', new TypeError('undefined')],
  ])('that %s passes it on: it is no failure of the order', async (_what, error) => {
    await expect(handleSignal('scale', failing(error))).rejects.toBe(error);
    expect(noted.warnings).toEqual([]);
  });
});
