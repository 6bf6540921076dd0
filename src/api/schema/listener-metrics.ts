import { Type } from 'typebox';
import { mapOf, optional, record, texts } from './fields.ts';

const labels = texts('Labels of the metric.');

const seriesSchema = (kind: string) =>
  mapOf(record(`One ${kind}.`, { labels }), `Each ${kind}, by its name.`);

const histogramSchema = record('One histogram.', {
  labels,
  buckets: optional(Type.Array(Type.Number(), { description: 'Upper bounds of the buckets.' })),
});

/** Which metrics the listener publishes, with which labels; without it, all of them. */
export const listenerMetricsSchema = record('The metrics that the listener publishes. Absent: all.', {
  counters: optional(seriesSchema('counter')),
  gauges: optional(seriesSchema('gauge')),
  histograms: optional(mapOf(histogramSchema, 'Each histogram, by its name.')),
});
