/** Between two writings of a status: what changes in between goes together. */
const SPACING_MS = 300;

/** After a status could not be written. */
const AFTER_FAILURE_MS = 5_000;

/**
 * When the next status may be written, in milliseconds since the epoch.
 *
 * @param now when the last one was, or failed to be
 */
export const nextPublicationAt = (now: number, { failed }: { failed: boolean }): number =>
  now + (failed ? AFTER_FAILURE_MS : SPACING_MS);
