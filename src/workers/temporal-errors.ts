/** Numbers of gRPC's status codes. */
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const PERMISSION_DENIED = 7;
const UNIMPLEMENTED = 12;
const UNAUTHENTICATED = 16;

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code;

/** Temporal has nothing of this name. */
export const isNotFound = (error: unknown): boolean => codeOf(error) === NOT_FOUND;

/** Somebody else made it in the meantime. */
export const isAlreadyExists = (error: unknown): boolean => codeOf(error) === ALREADY_EXISTS;

/** Temporal lets others do this, or serves no such call to anybody, as Temporal Cloud does not serve operators' calls. */
export const isNotAllowed = (error: unknown): boolean =>
  [PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED].includes(codeOf(error) as number);
