/** What is wrong with a resource. */
export interface Problem {
  /** The field, as `kubectl explain` would be asked for it: `spec.template.spec.containers[0].image`. */
  readonly path: string;
  /** What is wrong and what to do; never the value itself, which may be a credential in the wrong place. */
  readonly message: string;
}
