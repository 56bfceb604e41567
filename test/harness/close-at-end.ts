/** Shared servers of a test run register here how they end: before it is looked what was left open, or by whoever uses them without tests. */
export const closeAtEnd: (() => Promise<void>)[] = [];

/** Ends them, the newest first. */
export async function closeAll(): Promise<void> {
  for (let close = closeAtEnd.pop(); close; close = closeAtEnd.pop()) await close();
}
