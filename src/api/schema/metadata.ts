import { mapOf, optional, record } from './fields.ts';
import { Type } from 'typebox';

/** Labels and annotations that a person adds to objects made for a scale set. */
export const extraMetadataSchema = (of: string) =>
  record(`Labels and annotations to add to ${of}.`, {
    labels: optional(mapOf(Type.String(), 'Labels to add.')),
    annotations: optional(mapOf(Type.String(), 'Annotations to add.')),
  });
