/**
 * Version of the sensor ↔ Console messages. Raise it with any change of a wire schema (the hash test insists) and say here what changed.
 *
 * 1: first version.
 * 2: policies of the engine in its state; what a policy did in an event's hook; kinds of policies' events.
 * 3: lanes, ended epochs, instance and dictionaries of a stream; heartbeats and inventories on it; renewal of certificates; the trust bundle's hash; a posted batch's base.
 */
export const PROTOCOL_VERSION = 3;

/** Oldest version a Console still speaks. */
export const MIN_PROTOCOL_VERSION = 1;
