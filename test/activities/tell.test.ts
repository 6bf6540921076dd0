import { jest } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { tell, tellEvents, unlessRefused } from '../../src/activities/tell.ts';
import { KubernetesError, errorFromFailure } from '../../src/kubernetes/client/errors.ts';
import { events } from '../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from './cluster-stand-in.ts';

const subject = { verb: 'create', resource: 'events' };
let refusals = 0;
/** Each in a namespace of its own: the same refusal is not logged twice. */
const refused = (status: number, reason = 'r') =>
  new KubernetesError(
    { ...subject, namespace: `team-${(refusals += 1)}` },
    { message: 'no', status, reason },
  );
const noAnswer = errorFromFailure(subject, Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
const tooSlow = errorFromFailure(subject, new DOMException('not within 30000 ms', 'TimeoutError'));

/** Runs it in an activity, against a server that answers so; tells what it came to and what was logged. */
async function outcome(
  work: (write: () => Promise<void>) => Promise<void>,
  answers: (Error | undefined)[],
): Promise<{ tries: number; failure: unknown; log: string[] }> {
  const log: string[] = [];
  const logger = new DefaultLogger('WARN', ({ message, meta }) => {
    if (message.includes('let go')) log.push(`${message} ${JSON.stringify(meta)}`);
  });
  let tries = 0;
  const write = (): Promise<void> => {
    const answer = answers[Math.min(tries, answers.length - 1)];
    tries += 1;
    return answer ? Promise.reject(answer) : Promise.resolve();
  };
  let failure: unknown;
  await new MockActivityEnvironment({}, { logger })
    .run(() => work(write))
    .catch((error: unknown) => (failure = error));
  return { tries, failure, log };
}

test.each([
  ['rights', refused(403, 'Forbidden'), 1],
  ['admission', refused(400, 'BadRequest'), 1],
  ['a namespace that goes', refused(403), 1],
  ['the schema', refused(422, 'Invalid'), 1],
  ['a webhook that does not answer the server', refused(500, 'InternalError'), 4],
  ['a webhook that is slow', tooSlow, 4],
])(
  'what is only told and stopped by %s is let go after a few tries, and logged',
  async (_by, error, tries) => {
    const { failure, log, ...told } = await outcome((write) => tell({ what: 'Event Lost' }, write), [error]);
    expect({ failure, ...told }).toEqual({ failure: undefined, tries });
    expect(log).toEqual([expect.stringContaining('Event Lost')]);
  },
);

test('a token that has run out is renewed: it is told with the next try', async () => {
  const told = await outcome((write) => tell({ what: 'it' }, write), [refused(401), undefined]);
  expect(told).toEqual({ tries: 2, failure: undefined, log: [] });
  const { failure } = await outcome((write) => unlessRefused({ what: 'it' }, write), [refused(401)]);
  expect(failure).toMatchObject({ status: 401 });
});

test('the same refusal is logged once in ten minutes, with how often it was not', async () => {
  const refusal = refused(403);
  const told = { what: 'mark of a pod', words: 'its job' };
  const again = async (): Promise<string[]> => (await outcome((write) => tell(told, write), [refusal])).log;
  const now = jest.spyOn(Date, 'now').mockReturnValue(1_000_000);
  expect(await again()).toEqual([expect.stringContaining('"words":"its job"')]);
  for (let times = 0; times < 50; times += 1) expect(await again()).toEqual([]);
  now.mockReturnValue(1_000_000 + 10 * 60_000);
  expect(await again()).toEqual([expect.stringContaining('"unsaid":50')]);
  now.mockRestore();
});

test('what was only late is told with the next try', async () => {
  const told = await outcome((write) => tell({ what: 'it' }, write), [refused(503), undefined]);
  expect(told).toEqual({ tries: 2, failure: undefined, log: [] });
});

test('nobody is there to be told: nothing is lost', async () => {
  expect(await outcome((write) => tell({ what: 'it' }, write), [refused(404)])).toEqual({
    tries: 1,
    failure: undefined,
    log: [],
  });
});

test('without an API server nothing is let go', async () => {
  expect(await outcome((write) => tell({ what: 'it' }, write), [noAnswer])).toMatchObject({
    tries: 1,
    failure: noAnswer,
  });
  expect(await outcome((write) => unlessRefused({ what: 'it' }, write), [noAnswer])).toMatchObject({
    failure: noAnswer,
  });
});

test('a defect of our own is no refusal', async () => {
  const defect = new TypeError('x is undefined');
  expect(await outcome((write) => tell({ what: 'it' }, write), [defect])).toMatchObject({ failure: defect });
  expect(await outcome((write) => unlessRefused({ what: 'it' }, write), [defect])).toMatchObject({
    failure: defect,
  });
});

test.each([
  [403, true],
  [422, true],
  [400, true],
  [409, false],
  [500, false],
  [429, false],
])('a status that is answered with %i counts as written: %p', async (status, isWritten) => {
  const { failure, log } = await outcome(
    (write) => unlessRefused({ what: 'status' }, write),
    [refused(status)],
  );
  expect(failure === undefined).toBe(isWritten);
  expect(log).toHaveLength(isWritten ? 1 : 0);
});

test('one Event that is refused keeps none of the others back', async () => {
  const cluster = new ClusterStandIn();
  cluster.failNext({ verb: 'create', resource: events, status: 403, reason: 'Forbidden' });
  const regarding = { apiVersion: 'v1', kind: 'Secret', namespace: 'team', name: 'one', uid: 'u1' };
  const all = ['First', 'Second', 'Third'].map((reason) => ({
    type: 'Normal' as const,
    reason,
    message: 'm',
  }));
  await outcome(() => tellEvents(cluster.client, regarding, all), []);
  expect(cluster.all(events, 'team').map(({ reason }) => reason)).toEqual(['Second', 'Third']);
});
