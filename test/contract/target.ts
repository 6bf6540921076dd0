import { randomBytes } from 'node:crypto';
import type { GitHubStandIn } from '../../dev/github/stand-in.ts';
import { startGitHub } from '../../dev/github/stand-in.ts';
import type { ActionsCall } from '../../src/github/actions-service.ts';
import { decodeNothing } from '../../src/github/actions-service.ts';
import { createScaleSetClient } from '../../src/github/create-scale-set-client.ts';
import type { GitHubCredentials } from '../../src/github/credentials.ts';
import { credentialsFromSecret } from '../../src/github/credentials.ts';
import { GitHubError } from '../../src/github/errors.ts';
import type { ScaleSetClient } from '../../src/github/scale-set-client.ts';
import { createDispatcher } from '../../src/github/transport/dispatcher.ts';
import type { RunnerScaleSet } from '../../src/github/wire.ts';

/** GitHub itself, if the environment names a config URL and credentials; otherwise the stand-in. */
interface Account {
  configUrl: string;
  credentials: GitHubCredentials;
}

const accountIn = (env: NodeJS.ProcessEnv): Account | undefined =>
  env['GITHUB_CONFIG_URL']
    ? {
        configUrl: env['GITHUB_CONFIG_URL'],
        credentials: credentialsFromSecret({
          github_token: env['GITHUB_TOKEN'] ?? '',
          github_app_id: env['GITHUB_APP_ID'] ?? '',
          github_app_installation_id: env['GITHUB_APP_INSTALLATION_ID'] ?? '',
          github_app_private_key: env['GITHUB_APP_PRIVATE_KEY'] ?? '',
        }),
      }
    : undefined;

const account = accountIn(process.env);

/** A test that runs on the stand-in alone, and says why when it is left out. */
export const onStandIn = (because: string) => (account ? leftOut(because) : it);

/** A test that needs a token of its own in hand. */
export const withToken = account?.credentials.kind === 'app' ? leftOut('needs GITHUB_TOKEN, not an App') : it;

function leftOut(because: string): (name: string, test: jest.ProvidesCallback) => void {
  return (name, test) => {
    it.skip(`${name} (left out: ${because})`, test);
  };
}

/** A server that is to keep the contract, and what was made there. */
export interface Target {
  readonly client: ScaleSetClient;
  readonly configUrl: string;
  readonly token: string;
  readonly standIn: GitHubStandIn | undefined;
  /** A scale set of our own, in the default group. */
  scaleSet(): Promise<RunnerScaleSet>;
  /** A name that nobody else has. */
  name(): string;
  /** Any other client's connection. */
  clientFor(credentials: GitHubCredentials): ScaleSetClient;
  /** Removes all that was made through `scaleSet`, and what is in it. */
  stop(): Promise<void>;
}

export async function startTarget(): Promise<Target> {
  const standIn = account ? undefined : await startGitHub({ pollMs: 300, batchMs: 5 });
  const { configUrl, credentials } = account ?? standInAccount(standIn!);
  const dispatcher = createDispatcher({});
  const clientFor: Target['clientFor'] = (other) =>
    createScaleSetClient({ configUrl, credentials: other, dispatcher, registrationWaitsMs: [] });
  const client = clientFor(credentials);
  const made: RunnerScaleSet[] = [];
  const name = (): string => `arc-contract-${randomBytes(5).toString('hex')}`;
  return {
    ...{ client, configUrl, standIn, name, clientFor },
    token: credentials.kind === 'token' ? credentials.token : '',
    scaleSet: async () => {
      const scaleSet = await client.createScaleSet({ name: name(), runnerGroupId: 1 });
      made.push(scaleSet);
      return scaleSet;
    },
    stop: async () => {
      const ends = await Promise.allSettled(made.map(({ id }) => client.deleteScaleSet(id)));
      await dispatcher.destroy();
      await standIn?.stop();
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    },
  };
}

const standInAccount = (standIn: GitHubStandIn): Account => ({
  configUrl: standIn.configUrl('org/repo'),
  credentials: { kind: 'token', token: standIn.token },
});

/** The answer's JSON as it came. */
export const raw = (
  { client }: Target,
  call: Pick<ActionsCall<unknown>, 'method' | 'path' | 'ok'> & Partial<ActionsCall<unknown>>,
): Promise<unknown> =>
  client.transport.call({
    operation: 'get-scale-set',
    decode: call.ok === 204 ? decodeNothing : (value) => value,
    ...call,
  });

/** What a call that must fail fails with. */
export async function refusal(call: Promise<unknown>): Promise<GitHubError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof GitHubError) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}

/** An id that no server has given out. */
export const NOBODY = 2_000_000_123;
