import { defineQuery, defineSignal } from './definitions.ts';
import type { ListenerCapacity, ListenerObservation } from './observations.ts';
import { observeSignal } from './observations.ts';

/** What an AutoscalingListener's workflow can be told and asked. */

/** Changes in the cluster, from the watch. */
export const observeListenerSignal = defineSignal<[ListenerObservation]>(observeSignal.name);

/** How the listener fares, from whoever holds its session. */
export const reportSignal = defineSignal<[ListenerNews]>('report');

/** Whether it listens, and if not, why. */
export const listenerStateQuery = defineQuery<ListenerView>('state');

/** How a listener fares: what its workflow is told whenever it changes. */
export interface ListenerReport {
  ready: boolean;
  /** CamelCase, as it stands in the condition Ready. */
  reason: string;
  message: string;
  scaleSetId?: number;
  sessionId?: string;
}

/** A report, and with it something that went by and is to be told once: it changes nothing about how the listener fares. */
export interface ListenerNews extends ListenerReport {
  incident?: { reason: string; message: string };
}

/** The answer of the query `state`. */
export interface ListenerView {
  ready: boolean;
  reason: string;
  message: string;
  capacity?: ListenerCapacity;
  sessionId?: string;
  lastMessageId?: number;
  /** Of the last order for replicas that is known here. */
  replicas?: number;
  failures: number;
  /** Milliseconds since the epoch; in the past: it is under way. */
  nextTryAt: number;
}
