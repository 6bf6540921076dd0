/**
 * Loaded before a worker (`node --import`): its clock is off by as many milliseconds as the file FUZZ_CLOCK says, which
 * may change at any time. Timers go on as they are: they do not follow the clock.
 */
import { readFileSync } from 'node:fs';

const LOOK_MS = 100;

const file = process.env['FUZZ_CLOCK'];
let byMs = 0;

const RealDate = Date;
const now = (): number => RealDate.now() + byMs;

if (file !== undefined) {
  const look = (): void => {
    try {
      byMs = Number(readFileSync(file, 'utf8')) || 0;
    } catch {
      byMs = 0;
    }
  };
  look();
  setInterval(look, LOOK_MS).unref();
  globalThis.Date = new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, given: unknown[], newTarget) =>
      Reflect.construct(target, given.length > 0 ? given : [now()], newTarget) as object,
    get: (target, name, receiver) =>
      name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown),
  });
}
