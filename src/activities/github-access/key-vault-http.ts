import { createHttpHeaders, RestError } from '@azure/core-rest-pipeline';
import type { HttpClient, PipelineRequest, PipelineResponse } from '@azure/core-rest-pipeline';
import { request as send } from 'undici';
import type { Dispatcher } from 'undici';

/** For one request, reading the answer included. */
const REQUEST_MS = 10_000;

/** Far more than the largest secret, 25 kB. */
const MOST_BYTES = 1024 * 1024;

/**
 * Lets Azure's libraries send through our connections, so that proxies and `noProxy` mean the same to them as to GitHub's
 * client. Failures are RestErrors with the code of what went wrong.
 */
export const httpClientOver = (dispatcher: Dispatcher): HttpClient => ({
  sendRequest: async (request) => {
    try {
      return await exchange(request, dispatcher);
    } catch (error) {
      if (request.abortSignal?.aborted) throw error;
      throw new RestError('No answer came.', { code: codeOf(error), request });
    }
  },
});

async function exchange(request: PipelineRequest, dispatcher: Dispatcher): Promise<PipelineResponse> {
  const { url, method, headers, body, abortSignal } = request;
  // Answers are small: nothing is gained by compression.
  headers.delete('accept-encoding');
  const timeout = AbortSignal.timeout(REQUEST_MS);
  const answer = await send(url, {
    method,
    headers: headers.toJSON(),
    body: typeof body === 'string' ? body : null,
    dispatcher,
    signal: abortSignal ? AbortSignal.any([abortSignal as AbortSignal, timeout]) : timeout,
  });
  return {
    request,
    status: answer.statusCode,
    headers: createHttpHeaders(flatten(answer.headers)),
    bodyAsText: await textOf(answer.body),
  };
}

const flatten = (headers: Dispatcher.ResponseData['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value = '']) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );

async function textOf(body: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw Object.assign(new Error('too large'), { code: 'ANSWER_TOO_LARGE' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : 'unknown';
}
