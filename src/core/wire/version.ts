/**
 * Version of the sensor ↔ Console messages. Raise it with any change of a wire schema (the hash test insists) and say here what changed.
 *
 * 1: first version.
 */
export const PROTOCOL_VERSION = 1;

/** Oldest version a Console still speaks. */
export const MIN_PROTOCOL_VERSION = 1;
