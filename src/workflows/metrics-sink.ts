import type { Sinks } from '@temporalio/workflow';
import { proxySinks } from '@temporalio/workflow';

/** What a workflow tells the worker's metrics. Nothing of it enters the history. */
export interface MetricsSinks extends Sinks {
  metrics: { reconciled(controller: string, seconds: number): void };
}

const { metrics } = proxySinks<MetricsSinks>();

/** Tells that a pass has been carried out. @param observedAt when the change that led to it was seen, in milliseconds */
export const reconciled = (controller: string, observedAt: number): void =>
  metrics.reconciled(controller, Math.max(0, Date.now() - observedAt) / 1000);
