import { Type } from 'typebox';
import { bigInteger, oneOf, optional, record, text, time } from './fields.ts';

/** metav1.Condition. */
export const conditionSchema = record('What is true of the resource, and since when.', {
  type: text('What the condition is about.'),
  status: oneOf(['True', 'False', 'Unknown'], 'Whether it holds.'),
  reason: text('Why, in one CamelCase word.'),
  message: text('Why, in one sentence.'),
  lastTransitionTime: time('When the status last changed.'),
  observedGeneration: optional(bigInteger('The generation of the resource that was judged.')),
});

/** `status.conditions` of every kind: one of each type. */
export const conditionsSchema = Type.Array(conditionSchema, {
  description: 'Conditions, one of each type.',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
});

/** `status.observedGeneration` of every kind whose spec changes. */
export const observedGenerationSchema = bigInteger(
  'The generation of the resource that the status is about.',
);
