import { setTimeout as sleep } from 'node:timers/promises';
import type { AttributeServices } from './search-attributes.ts';
import { areAttributesServed, registerSearchAttributes } from './search-attributes.ts';
import { isNotFound, isNotAllowed, isAlreadyExists } from './temporal-errors.ts';

/** How long the runs of a namespace that is made here are kept after their end. */
const DEFAULT_RETENTION_DAYS = 3;

const DAY_S = 24 * 60 * 60;

/** What a frontend has registered, all of its kind know within seconds. */
const SERVED_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 200;

/** What Temporal is to have for the workers. */
export interface WantedNamespace {
  namespace: string;
  /** Absent: a namespace that is there keeps what it has. */
  retentionDays?: number;
}

/** What was there already, and what was made of it. */
export interface BootstrapReport {
  namespace: string;
  /** `created`, `changed` in its retention, or as it was. */
  did: 'created' | 'changed' | 'nothing';
  /** Its retention now, in days. */
  retentionDays: number;
  /** Search attributes that were missing. */
  addedSearchAttributes: string[];
}

/**
 * Gives Temporal what the workers need, as far as it is missing: the namespace, its retention, the search attributes.
 * Answers when all of it is served. A second time there is nothing to do.
 *
 * @throws Error with the command for an operator, where this program is not allowed to
 */
export async function bootstrap(
  services: AttributeServices,
  wanted: WantedNamespace,
): Promise<BootstrapReport> {
  const made = await makeNamespace(services, wanted);
  const addedSearchAttributes = await onceServed(() => registerSearchAttributes(services, wanted.namespace));
  await onceServed(() => mustBeServed(services, wanted.namespace));
  return { namespace: wanted.namespace, ...made, addedSearchAttributes };
}

async function makeNamespace(
  services: AttributeServices,
  { namespace, retentionDays }: WantedNamespace,
): Promise<Pick<BootstrapReport, 'did' | 'retentionDays'>> {
  const present = await retentionOf(services, namespace);
  if (present === undefined) {
    const days = retentionDays ?? DEFAULT_RETENTION_DAYS;
    await registerNamespace(services, namespace, days);
    return { did: 'created', retentionDays: days };
  }
  if (retentionDays === undefined || retentionDays === present)
    return { did: 'nothing', retentionDays: present };
  await setRetention(services, namespace, retentionDays);
  return { did: 'changed', retentionDays };
}

/** In days; `undefined`: there is no such namespace. */
async function retentionOf(
  { workflowService }: AttributeServices,
  namespace: string,
): Promise<number | undefined> {
  try {
    const { config } = await workflowService.describeNamespace({ namespace });
    return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / DAY_S;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

const inDays = (days: number) => ({ seconds: (days * DAY_S) as never, nanos: 0 });

async function registerNamespace(
  { workflowService }: AttributeServices,
  namespace: string,
  days: number,
): Promise<void> {
  const description = 'Runners for GitHub Actions: temporal-arc';
  try {
    await workflowService.registerNamespace({
      namespace,
      description,
      workflowExecutionRetentionPeriod: inDays(days),
    });
  } catch (cause) {
    if (isAlreadyExists(cause)) return;
    if (!isNotAllowed(cause)) throw cause;
    const command = `temporal operator namespace create --namespace ${namespace} --retention ${days}d`;
    const cloud = `tcld namespace create --namespace NAME --region REGION --retention-days ${days}`;
    throw new Error(
      `Temporal has no namespace ${namespace}, and it may not be made here; run: ${command} (in Temporal Cloud: ${cloud})`,
      { cause },
    );
  }
}

async function setRetention(
  { workflowService }: AttributeServices,
  namespace: string,
  days: number,
): Promise<void> {
  const config = { workflowExecutionRetentionTtl: inDays(days) };
  try {
    await workflowService.updateNamespace({ namespace, config });
  } catch (cause) {
    if (!isNotAllowed(cause)) throw cause;
    const command = `temporal operator namespace update --namespace ${namespace} --retention ${days}d`;
    const cloud = `tcld namespace retention set --namespace ${namespace} --retention-days ${days}`;
    throw new Error(
      `The retention of Temporal's namespace ${namespace} may not be changed here; run: ${command} (in Temporal Cloud: ${cloud})`,
      { cause },
    );
  }
}

/** What is there by now, and not served by every frontend yet. */
class NotServedError extends Error {
  override readonly name = 'NotServedError';
}

/** The namespace is there by now: who does not find it has not heard of it yet. */
async function onceServed<T>(ask: () => Promise<T>): Promise<T> {
  const until = Date.now() + SERVED_WITHIN_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isOnItsWay = isNotFound(error) || error instanceof NotServedError;
      if (!isOnItsWay || Date.now() > until) throw error;
    }
    await sleep(LOOK_EVERY_MS);
  }
}

async function mustBeServed(services: AttributeServices, namespace: string): Promise<void> {
  if (await areAttributesServed(services, namespace)) return;
  throw new NotServedError(
    `Temporal does not serve the search attributes of namespace ${namespace} yet; run it again.`,
  );
}
