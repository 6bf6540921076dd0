/**
 * A JSON merge patch (RFC 7386) of a `T`: any part of it, where null removes a member. Lists are replaced as a whole,
 * so their elements must be complete.
 */
export type MergePatch<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [Key in keyof T]?: MergePatch<T[Key]> | null | undefined }
    : T;
