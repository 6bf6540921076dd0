import { fitting, fittingReason } from '../../api/text-limits.ts';
import type { CoreEvent } from '../client/resources.ts';

/** Whom an event is about. */
export interface Regarding {
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
  uid?: string | undefined;
  resourceVersion?: string | undefined;
}

/** What an Event says, and of which object. */
export interface EventFacts {
  regarding: Regarding;
  type: 'Normal' | 'Warning';
  /** One word in CamelCase, for programs. */
  reason: string;
  /** One sentence, for people; cut to 1,024 bytes. */
  message: string;
  /** What was done or failed. */
  action?: string | undefined;
  reportingController?: string | undefined;
  /** Which process reports. */
  reportingInstance?: string | undefined;
  /** When it happened: now unless given. */
  at?: Date | undefined;
}

/** An Event as `kubectl describe` shows it, in the namespace of the object it is about. */
export function buildEvent(facts: EventFacts): CoreEvent {
  const { regarding, message, reportingController = 'temporal-arc', at = new Date() } = facts;
  const { uid, resourceVersion, ...involved } = regarding;
  const timestamp = at.toISOString();
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { generateName: `${regarding.name}.`, namespace: regarding.namespace },
    involvedObject: { ...involved, ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) },
    type: facts.type,
    reason: fittingReason(facts.reason),
    message: fitting(message, 'event'),
    ...(facts.action && { action: facts.action }),
    count: 1,
    firstTimestamp: timestamp,
    lastTimestamp: timestamp,
    source: { component: reportingController },
    reportingComponent: reportingController,
    reportingInstance: facts.reportingInstance ?? reportingController,
  };
}
