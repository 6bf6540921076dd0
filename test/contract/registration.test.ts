import { request } from 'undici';
import { createDispatcher } from '../../src/github/transport/dispatcher.ts';
import { refusal, startTarget, withToken } from './target.ts';
import type { Target } from './target.ts';

let target: Target;
const dispatcher = createDispatcher({});

beforeAll(async () => {
  target = await startTarget();
});

afterAll(async () => {
  await target.stop();
  await dispatcher.destroy();
});

interface Answer {
  status: number;
  json: Record<string, unknown>;
}

async function post(url: string, authorization: string, body?: object): Promise<Answer> {
  const answer = await request(url, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', 'user-agent': 'temporal-arc contract' },
    body: body ? JSON.stringify(body) : null,
    dispatcher,
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, json: JSON.parse(text === '' ? '{}' : text) as Answer['json'] };
}

function registrationTokenUrl({ client }: Target): string {
  const { apiBaseUrl, scope, enterprise, organization, repository } = client.config;
  const paths = {
    enterprise: `enterprises/${enterprise}`,
    organization: `orgs/${organization}`,
    repository: `repos/${organization}/${repository}`,
  };
  return `${apiBaseUrl}/${paths[scope]}/actions/runners/registration-token`;
}

const register = (authorization: string) =>
  post(`${target.client.config.apiBaseUrl}/actions/runner-registration`, authorization, {
    url: target.client.config.url,
    runner_event: 'register',
  });

const freshToken = async (): Promise<string> =>
  String((await post(registrationTokenUrl(target), `Bearer ${target.token}`)).json['token']);

describe('a registration token', () => {
  withToken('is given for a token: 201, with its end', async () => {
    const { status, json } = await post(registrationTokenUrl(target), `Bearer ${target.token}`);
    expect(status).toBe(201);
    expect(json).toMatchObject({ token: expect.stringMatching(/./) as unknown });
    expect(Date.parse(String(json['expires_at']))).toBeGreaterThan(Date.now());
  });

  it('is not given for a token that is none: 401', async () => {
    expect((await post(registrationTokenUrl(target), 'Bearer ghp_none')).status).toBe(401);
  });

  it('is not given to an App whose JWT is none: 401', async () => {
    const { apiBaseUrl } = target.client.config;
    const answer = await post(`${apiBaseUrl}/app/installations/1/access_tokens`, 'Bearer a.b.c');
    expect(answer.status).toBe(401);
  });
});

describe('an admin connection', () => {
  withToken('is given for a registration token: the URL of the service, and a JWT that ends', async () => {
    const { status, json } = await register(`RemoteAuth ${await freshToken()}`);
    expect(status).toBeGreaterThanOrEqual(200);
    expect(status).toBeLessThan(300);
    expect(String(json['url'])).toMatch(/^https?:\/\/./);
    const [, payload = '', signature] = String(json['token']).split('.');
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp: number };
    expect(signature).toMatch(/./);
    expect(exp * 1_000).toBeGreaterThan(Date.now() + 60_000);
  });

  it('is not given for a registration token that is none: 4xx', async () => {
    const { status } = await register('RemoteAuth AAAAAAAAAAAAAAAAAAAAAAAAAAAAA');
    expect([400, 401, 403, 404]).toContain(status);
  });

  it('does not open the service with a token that is none: 401', async () => {
    const failure = await refusal(
      target.client.transport.call({
        operation: 'get-runner',
        method: 'GET',
        path: '_apis/distributedtask/pools/0/agents/1',
        ok: 200,
        decode: (value) => value,
        token: 'eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjF9.forged',
      }),
    );
    expect(failure.status).toBe(401);
  });

  it('is not to be had with credentials that are none: refused, for a person to mend', async () => {
    const stranger = target.clientFor({ kind: 'token', token: 'ghp_none' });
    expect(await refusal(stranger.getRunner(1))).toMatchObject({ decision: 'refused', status: 401 });
  });
});
