import type { Dispatcher } from 'undici';
import { Agent } from 'undici';
import type { GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import { createScaleSetClient } from '../../../src/github/create-scale-set-client.ts';
import { createMessageSession } from '../../../src/github/message-session.ts';
import type { ScaleSetClient } from '../../../src/github/scale-set-client.ts';
import { userAgentFor } from '../../../src/github/transport/user-agent.ts';

/** A request as it leaves us. */
interface Sent {
  call: string;
  headers: Record<string, string>;
  body: string | undefined;
}

const systemInfo = { system: 'temporal-arc', version: '1.2.3', commitSha: 'abc', subsystem: 'listener' };

let github: GitHubStandIn;
let sent: Sent[];
let agent: Agent;

beforeEach(async () => {
  github = await startGitHub({ pollMs: 50, batchMs: 1 });
  sent = [];
  agent = new Agent();
});

afterEach(async () => {
  await agent.destroy();
  await github.stop();
});

function clientFor(path = 'org/repo'): ScaleSetClient {
  const dispatcher = agent.compose((dispatch) => (options, handler) => {
    sent.push(sentBy(options));
    return dispatch(options, handler);
  });
  return createScaleSetClient({
    configUrl: `${github.configUrl(path)}/`,
    credentials: { kind: 'token', token: github.token },
    dispatcher,
    systemInfo,
  });
}

const sentBy = ({ method, path, headers, body }: Dispatcher.DispatchOptions): Sent => ({
  call: `${method} ${path.replace(/\/tenant\/[^/]+/, '')}`,
  headers: Object.fromEntries(
    Object.entries(headers as Record<string, string>).map(([name, value]) => [name.toLowerCase(), value]),
  ),
  body: typeof body === 'string' ? body : undefined,
});

/** What one call sends, the registration left out. */
async function sentFor(
  client: ScaleSetClient,
  call: (client: ScaleSetClient) => Promise<unknown>,
): Promise<Sent> {
  await client.getRunner(1);
  sent = [];
  await call(client).catch(() => undefined);
  expect(sent).toHaveLength(1);
  return sent[0]!;
}

const V = 'api-version=6.0-preview';
const SETS = '/_apis/runtime/runnerscalesets';
const AGENTS = '/_apis/distributedtask/pools/0/agents';
const UNSET = '0001-01-01T00:00:00Z';

describe('the registration', () => {
  it.each([
    ['org', '/api/v3/orgs/org/actions/runners/registration-token'],
    ['org/repo', '/api/v3/repos/org/repo/actions/runners/registration-token'],
    ['enterprises/big', '/api/v3/enterprises/big/actions/runners/registration-token'],
  ])('of %s trades token for token for connection', async (path, tokenPath) => {
    await clientFor(path).getRunner(1);
    const [token, admin] = sent;
    expect(token).toMatchObject({
      call: `POST ${tokenPath}`,
      headers: { authorization: `Bearer ${github.token}`, 'user-agent': userAgentFor(systemInfo) },
    });
    expect(admin).toMatchObject({
      call: 'POST /api/v3/actions/runner-registration',
      headers: {
        authorization: expect.stringMatching(/^RemoteAuth AREG/) as unknown,
        'content-type': 'application/json',
        'user-agent': userAgentFor(systemInfo),
      },
      body: JSON.stringify({ url: github.configUrl(path), runner_event: 'register' }),
    });
  });
});

describe('the request to', () => {
  it.each<[string, (client: ScaleSetClient) => Promise<unknown>, string, object?]>([
    [
      'find a runner group',
      (client) => client.getRunnerGroupByName('a b&c'),
      `GET /_apis/runtime/runnergroups/?${V}&groupName=a+b%26c`,
    ],
    [
      'find a scale set by name',
      (client) => client.getScaleSetByName({ name: 'a+b', runnerGroupId: 2 }),
      `GET ${SETS}?${V}&name=a%2Bb&runnerGroupId=2`,
    ],
    ['find a scale set by id', (client) => client.getScaleSet(7), `GET ${SETS}/7?${V}`],
    [
      'create a scale set',
      (client) => client.createScaleSet({ name: 'n', runnerGroupId: 1 }),
      `POST ${SETS}?${V}`,
      {
        name: 'n',
        runnerGroupId: 1,
        labels: [{ type: 'System', name: 'n' }],
        RunnerSetting: { disableUpdate: true },
        createdOn: UNSET,
      },
    ],
    [
      'create a scale set with labels',
      (client) =>
        client.createScaleSet({ name: 'n', runnerGroupId: 1, labels: ['x', 'y'], disableUpdate: false }),
      `POST ${SETS}?${V}`,
      {
        name: 'n',
        runnerGroupId: 1,
        labels: [
          { type: 'System', name: 'x' },
          { type: 'System', name: 'y' },
        ],
        RunnerSetting: { disableUpdate: false },
        createdOn: UNSET,
      },
    ],
    [
      'move a scale set',
      (client) => client.updateScaleSet(7, { runnerGroupId: 2 }),
      `PATCH ${SETS}/7?${V}`,
      { runnerGroupId: 2, RunnerSetting: { disableUpdate: true }, createdOn: UNSET },
    ],
    [
      'rename a scale set',
      (client) => client.updateScaleSet(7, { name: 'n' }),
      `PATCH ${SETS}/7?${V}`,
      { name: 'n', RunnerSetting: { disableUpdate: true }, createdOn: UNSET },
    ],
    ['delete a scale set', (client) => client.deleteScaleSet(7), `DELETE ${SETS}/7?${V}`],
    [
      'register a runner',
      (client) => client.generateJitConfig(7, { name: 'r' }),
      `POST ${SETS}/7/generatejitconfig?${V}`,
      { name: 'r', workFolder: '' },
    ],
    ['find a runner by id', (client) => client.getRunner(9), `GET ${AGENTS}/9?${V}`],
    [
      'find a runner by name',
      (client) => client.getRunnerByName('r#1'),
      `GET ${AGENTS}?agentName=r%231&${V}`,
    ],
    ['remove a runner', (client) => client.removeRunner(9), `DELETE ${AGENTS}/9?${V}`],
    [
      'open a session',
      (client) => createMessageSession(client, { scaleSetId: 7, owner: 'me' }),
      `POST ${SETS}/7/sessions?${V}`,
      { sessionId: '00000000-0000-0000-0000-000000000000', ownerName: 'me' },
    ],
  ])('%s', async (...[, act, call, body]) => {
    const request = await sentFor(clientFor(), act);
    expect(request.call).toBe(call);
    expect(request.body).toBe(body === undefined ? undefined : JSON.stringify(body));
    expect(request.headers).toMatchObject({
      authorization: expect.stringMatching(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/) as unknown,
      'content-type': 'application/json',
    });
    expect(request.headers).not.toHaveProperty('accept');
    const isOfSet7 = call.includes('/7');
    expect(request.headers['user-agent']).toBe(userAgentFor(systemInfo, isOfSet7 ? 7 : 0));
  });
});

describe('the requests of a session', () => {
  it('carry its token, capacity and place in the queue', async () => {
    const client = clientFor();
    const { id } = await client.createScaleSet({ name: 'set', runnerGroupId: 1 });
    const session = await createMessageSession(client, { scaleSetId: id, owner: 'me' });
    const { sessionId, messageQueueAccessToken } = session.state();
    sent = [];
    await session.getMessage({ maxCapacity: 0 });
    await session.getMessage({ maxCapacity: 7, lastMessageId: 5 });
    await session.deleteMessage(5);
    await session.acquireJobs(['9007199254740993', '7']);
    await session.acquireJobs([]);
    await session.refresh();
    await session.close();
    const queue = `/scalesets/message`;
    const query = `?scaleSetId=${id}&sessionId=${sessionId}`;
    expect(sent.map(({ call, body }) => [call, body])).toEqual([
      [`GET ${queue}${query}`, undefined],
      [`GET ${queue}${query}&lastMessageId=5`, undefined],
      [`DELETE ${queue}/5${query}`, undefined],
      [`POST ${SETS}/${id}/acquirejobs?${V}`, '[9007199254740993,7]'],
      [`POST ${SETS}/${id}/acquirejobs?${V}`, '[]'],
      [`PATCH ${SETS}/${id}/sessions/${sessionId}?${V}`, undefined],
      [`DELETE ${SETS}/${id}/sessions/${sessionId}?${V}`, undefined],
    ]);
    const isQueueToken = sent.map(
      ({ headers }) => headers['authorization'] === `Bearer ${messageQueueAccessToken}`,
    );
    expect(isQueueToken).toEqual([true, true, true, true, true, false, false]);
    expect(sent[0]?.headers).toEqual({
      accept: 'application/json; api-version=6.0-preview',
      authorization: `Bearer ${messageQueueAccessToken}`,
      'user-agent': userAgentFor(systemInfo, id),
      'x-scalesetmaxcapacity': '0',
    });
    expect(sent[1]?.headers['x-scalesetmaxcapacity']).toBe('7');
    expect(sent[2]?.headers['content-type']).toBe('application/json');
    expect(sent.every(({ headers }) => headers['user-agent'] === userAgentFor(systemInfo, id))).toBe(true);
  });
});
