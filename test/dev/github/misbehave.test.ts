import type { GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import type { Fault } from '../../../dev/github/protocol.ts';

/** Answers that say the same, or less, in another form: in the answer itself, and in the elements of a message. */
let github: GitHubStandIn;

beforeEach(async () => {
  github = await startGitHub({ pollMs: 100 });
  github.admin.createScaleSet({ id: 1, name: 'one' });
});

afterEach(() => github.stop());

async function asked(url: string, init: RequestInit): Promise<unknown> {
  return (await fetch(url, init)).json();
}

/** The message of a session in which three jobs were assigned, with its elements read. */
async function messageUnder(fault: Omit<Fault, 'match'>): Promise<Record<string, unknown>> {
  const message = JSON.parse(await textUnder(fault)) as Record<string, unknown>;
  return { ...message, body: JSON.parse(message['body'] as string) as unknown };
}

async function textUnder(fault: Omit<Fault, 'match'>): Promise<string> {
  const { url } = github;
  const registration = { method: 'POST', headers: { authorization: `Bearer ${github.token}` } };
  const { token: registrationToken } = (await asked(
    `${url}/api/v3/repos/octo/app/actions/runners/registration-token`,
    registration,
  )) as { token: string };
  const admin = (await asked(`${url}/api/v3/actions/runner-registration`, {
    method: 'POST',
    headers: { authorization: `RemoteAuth ${registrationToken}` },
    body: JSON.stringify({ url: github.configUrl('octo/app'), runner_event: 'register' }),
  })) as { url: string; token: string };
  const session = (await asked(
    `${admin.url}/_apis/runtime/runnerscalesets/1/sessions?api-version=6.0-preview`,
    {
      method: 'POST',
      headers: { authorization: `Bearer ${admin.token}` },
      body: JSON.stringify({ ownerName: 'test' }),
    },
  )) as { messageQueueUrl: string; messageQueueAccessToken: string };
  github.admin.addFault({ match: 'getmessage', ...fault });
  const headers = {
    authorization: `Bearer ${session.messageQueueAccessToken}`,
    'x-scalesetmaxcapacity': '9',
  };
  const poll = async (): Promise<string> => {
    const response = await fetch(session.messageQueueUrl, { headers });
    return response.status === 200 ? response.text() : poll();
  };
  github.admin.queueJobs({ scaleSetId: 1, count: 3 });
  return poll();
}

const idsOf = (message: Record<string, unknown>): unknown[] =>
  (message['body'] as { runnerRequestId: unknown }[]).map(({ runnerRequestId }) => runnerRequestId);

it('reordered: elements come the other way round', async () => {
  expect(idsOf(await messageUnder({ kind: 'reordered', times: 99 }))).toEqual([1003, 1002, 1001]);
});

it('foreign: each object has a member that nobody knows', async () => {
  const message = await messageUnder({ kind: 'foreign', times: 99 });
  expect(message).toHaveProperty('nobodyKnows');
  expect(message['statistics']).toHaveProperty('nobodyKnows');
  expect((message['body'] as object[])[0]).toHaveProperty('nobodyKnows');
  expect(idsOf(message)).toEqual([1001, 1002, 1003]);
});

it('missing: no object has the members that are named', async () => {
  const message = await messageUnder({ kind: 'missing', json: ['totalIdleRunners', 'jobId'], times: 99 });
  expect(message['statistics']).not.toHaveProperty('totalIdleRunners');
  expect(message['statistics']).toHaveProperty('totalAssignedJobs');
  expect((message['body'] as object[])[0]).not.toHaveProperty('jobId');
});

it('keeps all digits of an id', async () => {
  await github.stop();
  github = await startGitHub({ pollMs: 100, firstRequestId: 9_007_199_254_740_993n });
  github.admin.createScaleSet({ id: 1, name: 'one' });
  expect(await textUnder({ kind: 'foreign', times: 99 })).toContain('9007199254740993');
});
