import { isAlreadyExists, isNotFound } from '../kubernetes/client/errors.ts';

/** What a request answers, `undefined` if the object does not exist. */
export async function orNothing<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Waits for a creation; that the object exists already, from an earlier try or by somebody else, is as good. */
export async function unlessExists(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
