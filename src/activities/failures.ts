import { ApplicationFailure } from '@temporalio/activity';
import { fitting } from '../api/text-limits.ts';
import type { ConfigField, GitHubDecision } from '../github/errors.ts';
import { GitHubError } from '../github/errors.ts';
import {
  KubernetesError,
  isAlreadyExists,
  isConflict,
  isDenied,
  isDeniedForNow,
  isForbidden,
  isInvalid,
  isNamespaceTerminating,
  isNotFound,
  isQuotaExceeded,
  isTransient,
  isUnauthorized,
} from '../kubernetes/client/errors.ts';

/**
 * The one place where an error becomes a decision:
 * - `retry`: Temporal tries the activity again, with its backoff or after the time that was asked for
 * - `stop`: no use for now, for any runner of the set: the workflow waits, tells people, and tries one at a time
 */
export type Verdict =
  | { decision: 'retry'; reason: string; message: string; afterMs?: number }
  | { decision: 'stop'; reason: string; message: string; retryAfterMs?: number };

/** A setting that a person must repair. The message names the field and the remedy. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  /** CamelCase, as it stands in conditions and Events. */
  readonly reason: string;

  constructor(reason: string, message: string, cause?: unknown) {
    super(fitting(message, 'error'), cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

const GITHUB_REASONS: Partial<Record<GitHubDecision, string>> = {
  refused: 'GitHubRefused',
  gone: 'ScaleSetNotFound',
  'not-found': 'GitHubRefused',
  'invalid-config': 'InvalidGitHubConfig',
};

/** Reasons by the field that a person must repair. */
export const FIELD_REASONS: Record<ConfigField, string> = {
  githubConfigUrl: 'InvalidGitHubConfigUrl',
  githubConfigSecret: 'InvalidCredentials',
  githubServerTLS: 'InvalidCertificate',
  proxy: 'InvalidProxy',
};

/** The verdict on whatever an activity ran into. */
export function judge(error: unknown): Verdict {
  if (error instanceof SetupError) return { decision: 'stop', reason: error.reason, message: error.message };
  if (error instanceof GitHubError) return judgeGitHub(error);
  if (error instanceof KubernetesError) return judgeKubernetes(error);
  const message = fitting(error instanceof Error ? error.message : String(error), 'error');
  if (error instanceof PodInTheWayError)
    return { decision: 'retry', reason: 'PodTerminating', message, afterMs: 2_000 };
  return { decision: 'retry', reason: 'Unexpected', message };
}

/** A wait longer than this is not left to Temporal's retries: the set says what it waits for, and until when. */
const PATIENCE_MS = 10_000;

function judgeGitHub(error: GitHubError): Verdict {
  const { message, decision, retryAfterMs, field } = error;
  const reason = field === undefined ? GITHUB_REASONS[decision] : FIELD_REASONS[field];
  const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (reason !== undefined) return { decision: 'stop', reason, message, ...asked };
  const limited = decision === 'retry-after';
  if (limited && retryAfterMs !== undefined && retryAfterMs > PATIENCE_MS)
    return { decision: 'stop', reason: 'GitHubRateLimited', message, retryAfterMs };
  return {
    decision: 'retry',
    reason: limited ? 'GitHubRateLimited' : 'GitHubUnavailable',
    message,
    ...(retryAfterMs === undefined ? {} : { afterMs: retryAfterMs }),
  };
}

function judgeKubernetes(error: KubernetesError): Verdict {
  const { message, retryAfterMs } = error;
  // Each try may cost a registration: it is for whoever asks first whether admission says yes again.
  if (isDeniedForNow(error)) {
    const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
    return { decision: 'stop', reason: 'AdmissionUnavailable', message, ...wait };
  }
  if (isDenied(error)) return { decision: 'stop', reason: 'DeniedByAdmission', message };
  if (isTransient(error)) {
    const wait = retryAfterMs === undefined ? {} : { afterMs: retryAfterMs };
    return { decision: 'retry', reason: 'KubernetesUnavailable', message, ...wait };
  }
  if (isQuotaExceeded(error)) return { decision: 'stop', reason: 'QuotaExceeded', message };
  if (isNamespaceTerminating(error)) return { decision: 'stop', reason: 'NamespaceTerminating', message };
  if (isForbidden(error)) return { decision: 'stop', reason: 'KubernetesForbidden', message };
  if (isInvalid(error)) return { decision: 'stop', reason: 'InvalidTemplate', message };
  return { decision: mayPass(error) ? 'retry' : 'stop', reason: 'KubernetesRefused', message };
}

/** Somebody else was at it, it is not there yet, or the credentials have just been renewed. */
const mayPass = (error: KubernetesError): boolean =>
  isAlreadyExists(error) || isConflict(error) || isNotFound(error) || isUnauthorized(error);

/** What several verdicts say, each thing once. */
export const messageOf = (verdicts: readonly Verdict[]): string =>
  fitting([...new Set(verdicts.map(({ message }) => message))].join('; '), 'errors');

/** What the failure of an activity that is of no use for now says beside its reason and message. */
export interface StopDetails {
  /** Milliseconds from now until a try may be worth it. */
  retryAfterMs?: number;
}

/** A verdict as a failure of the activity: its type is the reason, and a time that was asked for is kept. */
export function toFailure(verdict: Verdict): ApplicationFailure {
  const { reason: type, message } = verdict;
  if (verdict.decision === 'stop') {
    const { retryAfterMs } = verdict;
    const details = retryAfterMs === undefined ? {} : { details: [{ retryAfterMs } satisfies StopDetails] };
    return ApplicationFailure.create({ type, message, nonRetryable: true, ...details });
  }
  const { afterMs } = verdict;
  return ApplicationFailure.create({
    type,
    message,
    ...(afterMs !== undefined && { nextRetryDelay: afterMs }),
  });
}

/** The old pod of this name has not gone yet. */
export class PodInTheWayError extends Error {
  override readonly name = 'PodInTheWayError';
}

/** Does a step; whatever it runs into becomes the failure that says what is to be done about it. */
export async function judged<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof ApplicationFailure ? error : toFailure(judge(error));
  }
}

/** Why an activity on several runners stopped before it was through. */
export interface Stop {
  reason: string;
  message: string;
  /** Milliseconds from now until a try may be worth it; absent: not known. */
  retryAfterMs?: number;
}

/** How several errors of one activity become one end. */
export interface Conclusion {
  /** Done where some errors ask for the one and some for the other. */
  preferred: Verdict['decision'];
  /** Which of the verdicts are told, the one that leads first; all unless given. */
  reported?: (verdicts: readonly Verdict[]) => readonly Verdict[];
}

/**
 * How an activity on several runners ends that ran into `errors`: with its result, which says why it stopped, or with a
 * failure when Temporal should try again. The longest wait counts.
 */
export function conclude<Result extends object>(
  result: Result,
  errors: readonly unknown[],
  { preferred, reported = (all) => all }: Conclusion,
): Result & { stopped?: Stop } {
  const verdicts = errors.map(judge);
  const leading = verdicts.find(({ decision }) => decision === preferred) ?? verdicts[0];
  if (!leading) return result;
  const { decision, reason } = leading;
  const message = messageOf(reported([leading, ...verdicts]));
  const waitMs = Math.max(
    ...verdicts.map((verdict) => (verdict.decision === decision ? waitOf(verdict) : 0)),
  );
  if (decision === 'retry')
    throw toFailure({ decision, reason, message, ...(waitMs > 0 && { afterMs: waitMs }) });
  return { ...result, stopped: { reason, message, ...(waitMs > 0 && { retryAfterMs: waitMs }) } };
}

/** Where errors of one reason differ in nothing but the names of the runners. */
export function firstOfEachReason(verdicts: readonly Verdict[]): Verdict[] {
  const firsts = new Map<string, Verdict>();
  for (const verdict of verdicts) if (!firsts.has(verdict.reason)) firsts.set(verdict.reason, verdict);
  return [...firsts.values()];
}

const waitOf = (verdict: Verdict): number =>
  (verdict.decision === 'stop' ? verdict.retryAfterMs : verdict.afterMs) ?? 0;
