/** Requests of one activity that are under way at the same time, as a rule. */
const AT_ONCE = 10;

/** Works through `items`, a few at a time, in their order. Rejects with the first failure of `work`. */
export async function inParallel<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
  atOnce = AT_ONCE,
): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
