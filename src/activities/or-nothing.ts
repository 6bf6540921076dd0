import { isNotFound } from '../kubernetes/errors.ts';

/** What a request answers, `undefined` if the object does not exist. */
export async function orNothing<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
