/**
 * The header Retry-After as seconds or as a date (RFC 9110, 10.2.3), in milliseconds from `now`; `undefined` if it is
 * absent or neither.
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,10}(\.\d+)?$/.test(header)) return Number(header) * 1000;
  // A bare number would be read as a year.
  const date = /[a-z]/i.test(header) ? Date.parse(header) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
