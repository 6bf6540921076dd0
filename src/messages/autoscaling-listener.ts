import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { ListenerReport } from '../activities/autoscaling-listener/listen.ts';
import type { ListenerObservation } from './observations.ts';
import type { ListenerView } from '../workflows/autoscaling-listener/view.ts';

/** What an AutoscalingListener's workflow can be told and asked. */

/** Changes in the cluster, from the watch. */
export const observeListenerSignal = defineSignal<[ListenerObservation]>('observe');

/** How the listener fares, from whoever holds its session. */
export const reportSignal = defineSignal<[ListenerReport]>('report');

/** Whether it listens, and if not, why. */
export const listenerStateQuery = defineQuery<ListenerView>('state');
