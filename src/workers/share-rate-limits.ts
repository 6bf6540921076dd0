import { createHash } from 'node:crypto';
import { isRestBudget } from '../github/rate-limit-waits.ts';
import type { WaitNotice, RateLimitWaits } from '../github/rate-limit-waits.ts';
import type { KubernetesClient } from '../kubernetes/client/client.ts';
import { isAlreadyExists, isNotFound } from '../kubernetes/client/errors.ts';
import { configMaps } from '../kubernetes/client/resources.ts';
import type { ConfigMap } from '../kubernetes/client/resources.ts';
import { reflect } from '../kubernetes/client/watch.ts';
import { RATE_LIMITS_CONFIG_MAP } from '../kubernetes/permissions.ts';

/** Which waits are shared, and through which cluster. */
export interface ShareRateLimitsOptions {
  pauses: RateLimitWaits;
  kubernetes: Pick<KubernetesClient, 'listPages' | 'watch' | 'create' | 'mergePatch'>;
  /** Where the workers of this cluster run. */
  namespace: string;
  log: (message: string, facts: Record<string, unknown>) => void;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/** Several calls in flight are told the same within moments: only what makes a difference is written. */
const SAME_MS = 1_000;

/** An entry is removed this long after its end, when another one is written. */
const KEPT_MS = 60_000;

/**
 * Tells the other workers of pauses that GitHub asked this one for, and takes over theirs, within moments: one watch, and
 * one write a pause. Where the API server cannot be asked, each worker still keeps the pauses that it is told of itself.
 *
 * @returns stops it
 */
export function shareRateLimits(options: ShareRateLimitsOptions): () => Promise<void> {
  const { pauses, kubernetes, namespace } = options;
  const stopping = new AbortController();
  const board: Board = { entries: {}, writing: Promise.resolve() };
  const read = ({ data = {} }: ConfigMap): void => {
    board.entries = data;
    for (const notice of Object.values(data).map(noticeFrom)) if (notice) pauses.adopt(notice);
  };
  pauses.onLearned((notice) => {
    if (!stopping.signal.aborted) post(options, board, notice);
  });
  const logFailure = onceAtATime(options.log);
  const watching = reflect<ConfigMap>({
    client: kubernetes,
    resource: configMaps,
    namespace,
    fieldSelector: `metadata.name=${RATE_LIMITS_CONFIG_MAP}`,
    signal: stopping.signal,
    onSync: (found) => {
      logFailure.over();
      found.forEach(read);
    },
    onEvent: (type, object) => {
      if (type === 'DELETED') board.entries = {};
      else read(object);
    },
    log: (_what, error) =>
      logFailure.tell("Pauses of other workers cannot be read; this worker's own still hold.", error),
  });
  return async () => {
    stopping.abort();
    await Promise.all([watching, board.writing]);
  };
}

/** What is in the ConfigMap, as far as this worker knows, and the write under way. */
interface Board {
  entries: Record<string, string>;
  writing: Promise<void>;
}

function post(options: ShareRateLimitsOptions, board: Board, notice: WaitNotice): void {
  const { kubernetes, namespace, log, now = Date.now } = options;
  const key = keyOf(notice);
  const present = noticeFrom(board.entries[key] ?? '');
  if (present && notice.until < present.until + SAME_MS) return;
  const data = { ...endedIn(board.entries, now()), [key]: textOf(notice) };
  board.entries = { ...board.entries, [key]: textOf(notice) };
  board.writing = board.writing
    .then(() => write({ kubernetes, namespace }, data))
    .catch((error: unknown) =>
      log('Other workers could not be told of a pause; each learns of it by itself.', {
        configUrl: notice.configUrl,
        error: String(error),
      }),
    );
}

async function write(
  { kubernetes, namespace }: Pick<ShareRateLimitsOptions, 'kubernetes' | 'namespace'>,
  data: Record<string, string | null>,
): Promise<void> {
  const patch = (): Promise<unknown> =>
    kubernetes.mergePatch(configMaps, { namespace, name: RATE_LIMITS_CONFIG_MAP }, { data });
  try {
    await patch();
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await create({ kubernetes, namespace }, data).catch((refusal: unknown) => {
      if (!isAlreadyExists(refusal)) throw refusal;
      return patch();
    });
  }
}

const create = (
  { kubernetes, namespace }: Pick<ShareRateLimitsOptions, 'kubernetes' | 'namespace'>,
  data: Record<string, string | null>,
): Promise<unknown> =>
  kubernetes.create(configMaps, namespace, {
    metadata: { name: RATE_LIMITS_CONFIG_MAP },
    data: Object.fromEntries(Object.entries(data).filter((entry): entry is [string, string] => !!entry[1])),
  });

/** A merge patch that takes away what has ended. */
const endedIn = (entries: Record<string, string>, now: number): Record<string, null> =>
  Object.fromEntries(
    Object.entries(entries)
      .filter(([, text]) => !((noticeFrom(text)?.until ?? 0) + KEPT_MS > now))
      .map(([key]) => [key, null]),
  );

/** A config URL is no key of a ConfigMap. */
const keyOf = ({ configUrl, scope, resource }: WaitNotice): string =>
  `${resource === undefined ? scope : `${scope}-${resource}`}-${createHash('sha256').update(configUrl.toLowerCase()).digest('hex').slice(0, 16)}`;

const textOf = ({ until, ...notice }: WaitNotice): string =>
  JSON.stringify({ ...notice, until: new Date(until).toISOString() });

/**
 * `undefined` for what is no entry of ours: people can write into it too. Other versions of the worker do as well: a pause
 * without a budget, or for one that is not known here, is for the whole REST API.
 */
function noticeFrom(text: string): WaitNotice | undefined {
  try {
    const { configUrl, scope, resource, until } = JSON.parse(text) as Record<string, unknown>;
    const time = Date.parse(String(until));
    if (typeof configUrl !== 'string' || (scope !== 'rest' && scope !== 'all')) return undefined;
    if (Number.isNaN(time)) return undefined;
    return { configUrl, scope, ...(scope === 'rest' && isRestBudget(resource) && { resource }), until: time };
  } catch {
    return undefined;
  }
}

/** A lasting failure is told once. */
function onceAtATime(log: ShareRateLimitsOptions['log']): {
  tell(message: string, error: Error): void;
  over(): void;
} {
  let told = false;
  return {
    tell: (message, error) => {
      if (!told) log(message, { error: error.message });
      told = true;
    },
    over: () => (told = false),
  };
}
