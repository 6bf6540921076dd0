import type { ObjectMeta } from './wire.ts';
import type { API_VERSION, Kind } from './group.ts';

/** A custom resource of this group, as the API server sends and takes it. */
export interface Resource<K extends Kind, Spec, Status> {
  apiVersion: typeof API_VERSION;
  kind: K;
  metadata: ObjectMeta;
  spec: Spec;
  /** Absent until it is first written. */
  status?: Status | undefined;
}
