/**
 * Events lost over rows of `event_losses`, as SQL. Counts are what sensors say: a sum of whole numbers would begin anew at its end, and
 * one over 2⁵³ is not told exactly anyway.
 */
export const LOST = `least(sum(toFloat64(count)), toFloat64(${Number.MAX_SAFE_INTEGER}))`;
