/** So long it is looked again at each turn of the event loop; then each millisecond, for others to have some of the processor. */
const SPIN_MS = 250;
/** Resolves once `condition` holds, looking again whenever the event loop has turned (asking a Console: a few times a second). */
export async function until<T>(condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  const spinsUntilMs = performance.now() + SPIN_MS;
  for (;;) {
    const answer = condition();
    const value = await answer;
    if (value) return value;
    if (answer instanceof Promise) await Bun.sleep(50);
    else if (performance.now() > spinsUntilMs) await Bun.sleep(1);
    else await new Promise((resolve) => setImmediate(resolve));
  }
}
