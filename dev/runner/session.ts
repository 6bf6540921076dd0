import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { Agent } from 'undici';
import type { Connection, JitContent, RunnerJob } from '../github/protocol.ts';

/** A runner's connection to the stand-in for GitHub. */
export interface Session {
  /** Waits for a job; undefined when the runner was removed from GitHub meanwhile. */
  nextJob(signal: AbortSignal): Promise<RunnerJob | undefined>;
  /** Says that the job goes on; false when it was taken away. */
  renew(signal: AbortSignal): Promise<boolean>;
  complete(result: string): Promise<void>;
  /** Leaves without a word about the job: the runner stays registered, and a job it has is lost in time. */
  disconnect(): Promise<void>;
}

/** GitHub refused the JIT config: 401 unknown, 409 used before, 410 the runner was removed. */
export interface Refusal {
  refused: number;
}

/** How long one poll for a job waits, in milliseconds. */
const pollMs = 30_000;

/** Registers with a JIT config, trying again while the server cannot be reached. */
export async function openSession(
  agent: Agent,
  jitConfig: string,
  signal: AbortSignal,
): Promise<Session | Refusal> {
  const server = serverOf(jitConfig);
  if (server === undefined) return { refused: 401 };
  const call = callerOf(agent, `${server}/standin/runners`);
  const answer = await call({ path: '/connect', body: { jitConfig }, signal });
  if (answer.status !== 200) return { refused: answer.status };
  const { connectionId } = answer.json as Connection;
  const own = (action: string) => `/${connectionId}/${action}`;
  return {
    nextJob: async (until) => {
      for (;;) {
        const { status, json } = await call({ path: own(`job?wait=${pollMs}`), signal: until });
        if (status === 200) return json as RunnerJob;
        if (status !== 204) return undefined;
      }
    },
    renew: async (until) => (await call({ path: own('renew'), body: {}, signal: until })).status === 204,
    complete: async (result) => {
      await call({ path: own('complete'), body: { result }, signal: AbortSignal.timeout(5_000) });
    },
    disconnect: async () => {
      await call({ path: own('disconnect'), body: {}, signal: AbortSignal.timeout(5_000) });
    },
  };
}

function serverOf(jitConfig: string): string | undefined {
  try {
    const { url } = JSON.parse(Buffer.from(jitConfig, 'base64').toString()) as Partial<JitContent>;
    return url?.replace(/\/$/, '');
  } catch {
    return undefined;
  }
}

interface Call {
  path: string;
  body?: object;
  signal: AbortSignal;
}

function callerOf(agent: Agent, base: string) {
  return async ({ path, body, signal }: Call): Promise<{ status: number; json: unknown }> => {
    for (;;) {
      try {
        const response = await request(base + path, {
          dispatcher: agent,
          signal,
          method: body ? 'POST' : 'GET',
          headers: body ? { 'content-type': 'application/json' } : {},
          body: body ? JSON.stringify(body) : null,
          headersTimeout: pollMs * 2,
        });
        const text = await response.body.text();
        if (response.statusCode >= 500) throw new Error(`The server answered ${response.statusCode}.`);
        return {
          status: response.statusCode,
          json: response.statusCode === 200 ? JSON.parse(text) : undefined,
        };
      } catch (error) {
        if (signal.aborted) throw error;
        await sleep(1_000, undefined, { signal });
      }
    }
  };
}
