/**
 * GitHub's 64-bit ids (`runnerRequestId`, `workflowRunId`) as decimal text: a number would lose digits beyond 2^53, and
 * a bigint does not pass through Temporal's JSON.
 */
export type Int64 = string;

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

// Proposal "JSON.parse source text access", in Node 22 and later; TypeScript's library does not have it yet.
const json = JSON as unknown as {
  parse(text: string, reviver: Reviver): unknown;
  rawJSON(text: string): object;
};

/**
 * Parses JSON as the service's own client would: members that are `null` count as absent, and integers that a double
 * cannot hold come out as decimal text.
 *
 * @throws SyntaxError without an excerpt of the text, which may be a secret
 */
export function parseJson(text: string): unknown {
  try {
    return json.parse(text, reviveExactly);
  } catch {
    throw new SyntaxError(text === '' ? 'it is empty' : 'it is no JSON');
  }
}

const reviveExactly: Reviver = (_key, value, { source }) => {
  if (value === null) return undefined;
  const isInexact = typeof value === 'number' && !Number.isSafeInteger(value);
  return isInexact && source !== undefined && /^-?\d+$/.test(source) ? source : value;
};

/**
 * Marks an id to be written as a JSON number with all its digits.
 *
 * @throws RangeError when the text is not a decimal integer
 */
export function int64Json(id: Int64): object {
  if (!/^-?(0|[1-9]\d*)$/.test(id)) throw new RangeError('A 64-bit id must be a decimal integer.');
  return json.rawJSON(id);
}
