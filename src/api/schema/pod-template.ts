import { Type } from 'typebox';
import type { ObjectMeta, PodSpec, PodTemplate } from '../v1alpha1/wire.ts';
import podTemplate from '../pod-template.schema.json' with { type: 'json' };

/** `metadata` of a pod template: what may be given to a pod before it exists. */
export const podMetadataSchema = (description: string) =>
  Type.Unsafe<ObjectMeta>({ ...podTemplate.properties.metadata, description });

/** `spec` of a pod template, as the API server itself describes it. */
export const podSpecSchema = (description: string) =>
  Type.Unsafe<PodSpec>({ ...podTemplate.properties.spec, description });

/** A whole pod template. */
export const podTemplateSchema = (description: string) =>
  Type.Unsafe<PodTemplate>({ ...podTemplate, description });
