/**
 * Texts from outside flow into places with limits: what is too long there is refused as a whole, each time anew. Here are
 * the limits, in bytes of UTF-8, and how a text is made to fit.
 */
export const TEXT_LIMITS = {
  /** What is kept of each of many: of a pod's words, of a runner that was refused. */
  words: 200,
  /** A word of somebody else's that should be short: a phase, a result. */
  word: 100,
  /** A name at GitHub, a reference. */
  name: 1_000,
  /** What one error says. It goes into histories, conditions and logs. */
  error: 2_000,
  /** What several errors say together. */
  errors: 4_000,
  /** The message of an Event (Kubernetes: 1,024). */
  event: 1_024,
  /** The message of a condition (Kubernetes: 32,768). */
  condition: 32_768,
  /** The reason of an Event (Kubernetes: 128) or condition (1,024). */
  reason: 128,
  /** A search attribute of type Keyword (databases of Temporal: 255). */
  searchAttribute: 255,
  /** A summary that Temporal shows of a workflow or an activity (Temporal: 400, and 200 by older defaults). */
  summary: 200,
} as const;

const CUT = '…';

/** A text that fits: cut between two characters, with `…` in the place of what is left out. */
export function fitting(text: string, limit: keyof typeof TEXT_LIMITS): string {
  const most = TEXT_LIMITS[limit];
  // No character takes more than three bytes for each of its units.
  if (text.length * 3 <= most || byteLength(text) <= most) return text;
  let bytes = byteLength(CUT);
  let units = 0;
  for (const character of text) {
    bytes += bytesOf(character);
    if (bytes > most) break;
    units += character.length;
  }
  return text.slice(0, units) + CUT;
}

const BEYOND_ASCII = /[\u0080-\uffff]/;

/** How long a text is in UTF-8. Most are ASCII: a large one is not to be walked through in the sandbox of workflows. */
export function byteLength(text: string): number {
  if (!BEYOND_ASCII.test(text)) return text.length;
  let bytes = 0;
  for (const character of text) bytes += bytesOf(character);
  return bytes;
}

function bytesOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

/** What Kubernetes takes as the reason of a condition. */
const REASON = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;

/** A reason as Kubernetes takes it: of somebody else's words what can stand in one. */
export function fittingReason(reason: string, otherwise = 'Unknown'): string {
  if (reason.length <= TEXT_LIMITS.reason && REASON.test(reason)) return reason;
  const letters = reason
    .slice(0, 4 * TEXT_LIMITS.reason)
    .replaceAll(/[^A-Za-z0-9_]/g, '')
    .replace(/^[^A-Za-z]+/, '')
    .slice(0, TEXT_LIMITS.reason);
  return letters || otherwise;
}
