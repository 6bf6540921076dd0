import type { V1ObjectMeta, V1PodSpec, V1PodTemplateSpec } from '@kubernetes/client-node';

/** `T` as JSON carries it: plain objects in place of classes, RFC 3339 strings in place of `Date`s. */
export type Wire<T> = T extends Date
  ? string
  : T extends (infer E)[]
    ? Wire<E>[]
    : T extends object
      ? { [K in keyof T]: Wire<T[K]> }
      : T;

/** `metadata` of any object. */
export type ObjectMeta = Wire<V1ObjectMeta>;
/** What runs in a pod. */
export type PodSpec = Wire<V1PodSpec>;
/** A pod before it has a name: `metadata` and `spec`. */
export type PodTemplate = Wire<V1PodTemplateSpec>;
