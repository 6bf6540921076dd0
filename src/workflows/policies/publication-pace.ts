import { exponentialBackoffMs } from '../../api/exponential-backoff.ts';

/** Between two writings of a status: what changes in between goes together. */
const SPACING_MS = 300;

/** After so many failures in a row, each longer than the one before. */
const AFTER_FAILURE = { firstMs: 5_000, longestMs: 60_000 };

/** Events that could not be written with so many publications in a row are let go. */
const EVENT_TRIES = 3;

/**
 * When the next status may be written, in milliseconds since the epoch.
 *
 * @param now when the last one was, or failed to be
 * @param failures in a row, the last one included
 */
export const nextPublicationAt = (now: number, failures: number): number =>
  now + (failures > 0 ? exponentialBackoffMs(failures, AFTER_FAILURE) : SPACING_MS);

/** Whether Events go with the next publication once more. @param failures in a row, the last one included */
export const mayTellAgain = (failures: number): boolean => failures < EVENT_TRIES;
