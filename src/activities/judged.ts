import { ApplicationFailure } from '@temporalio/activity';
import { judge, toFailure } from './failures.ts';

/** Does a step; whatever it runs into becomes the failure that says what is to be done about it. */
export async function judged<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof ApplicationFailure ? error : toFailure(judge(error));
  }
}
