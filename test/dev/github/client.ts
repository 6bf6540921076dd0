import { createScaleSetClient } from '../../../src/github/create-scale-set-client.ts';
import type { ScaleSetClient } from '../../../src/github/scale-set-client.ts';

/** What the tests of the stand-in ask it over HTTP. */
export interface Asked {
  status: number;
  json: unknown;
}

/** Speaks to the stand-in's own interface at `url`. */
export async function ask(
  url: string,
  method: string,
  [path, body]: [path: string, body?: unknown],
): Promise<Asked> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(`${url}/standin${path}`, init);
  const text = await response.text();
  return { status: response.status, json: text === '' ? undefined : JSON.parse(text) };
}

/** A client for the stand-in at `url`, in the scope of a repository. */
export const clientOf = (url: string): ScaleSetClient =>
  createScaleSetClient({
    configUrl: `${url}/org/repo`,
    credentials: { kind: 'token', token: 'ghp_standin' },
  });
