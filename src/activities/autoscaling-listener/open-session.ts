import { GitHubError, isDecision, withDecision } from '../../github/errors.ts';
import type { MessageSession } from '../../github/message-session.ts';
import {
  closeMessageSession,
  createMessageSession,
  resumeMessageSession,
} from '../../github/message-session.ts';
import type { ListenerSetup } from './setup.ts';

/** What is known of a session that was held before. */
export interface EarlierSession {
  sessionId: string | undefined;
  /** It was told not to be there, or its queue refuses us: another one is opened first. */
  isLost: boolean;
}

/**
 * The session that is known goes on; when GitHub no longer knows it, another one is opened. One that was said to be lost
 * and is there all the same, in the way of the next, is closed.
 *
 * @returns the session, and whether it is the earlier one
 * @throws GitHubError `gone` when GitHub says, asked for it, that there is no such scale set
 */
export async function openSession(
  setup: ListenerSetup,
  { sessionId, isLost }: EarlierSession,
  signal: AbortSignal,
): Promise<{ session: MessageSession; isEarlier: boolean }> {
  const known = isLost ? undefined : await resumed(setup, sessionId, signal);
  if (known) return { session: known, isEarlier: true };
  try {
    return { session: await opened(setup, signal), isEarlier: false };
  } catch (error) {
    if (!isLost || sessionId === undefined || !isDecision(error, 'session-conflict')) throw error;
    const { github, scaleSetId } = setup;
    await closeMessageSession(github, { scaleSetId, sessionId, signal });
    return { session: await opened(setup, signal), isEarlier: false };
  }
}

async function resumed(
  { github, scaleSetId }: ListenerSetup,
  sessionId: string | undefined,
  signal: AbortSignal,
): Promise<MessageSession | undefined> {
  if (sessionId === undefined) return undefined;
  try {
    return await resumeMessageSession(github, { scaleSetId, sessionId, signal });
  } catch (error) {
    if (!isDecision(error, 'session-expired')) throw error;
    return undefined;
  }
}

async function opened(setup: ListenerSetup, signal: AbortSignal): Promise<MessageSession> {
  const { github, scaleSetId, owner } = setup;
  try {
    return await createMessageSession(github, { scaleSetId, owner, signal });
  } catch (error) {
    const isMissing = error instanceof GitHubError && (error.status === 404 || error.status === 410);
    if (!isMissing) throw error;
    // Only GitHub's own word on the scale set itself counts.
    const isThere = (await github.getScaleSet(scaleSetId, { signal })) !== undefined;
    throw withDecision(error, isThere ? 'retry' : 'gone');
  }
}
