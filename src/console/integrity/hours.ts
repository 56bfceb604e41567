/** A root stands over an hour. */
export const HOUR_MS = 3_600_000;
/** After the end of an hour: blocks on their way to the store arrive, and clocks of Consoles differ a little. */
export const GRACE_MS = 3 * 60_000;
