import type { QueueMessage } from "./producer.ts";

/** A message holds the rows of one sensor up to about this size. */
const MAX_MESSAGE_CHARS = 384 * 1024;

/** Packs rows into messages by sensor, keeping the order of each sensor's rows. */
export function toMessages(rows: readonly object[]): QueueMessage[] {
  const messages: QueueMessage[] = [];
  const open = new Map<string, QueueMessage>();
  for (const row of rows as readonly { readonly sensor_id: string; readonly tenant_id: string }[]) {
    const { sensor_id: key, tenant_id: tenantId } = row;
    const line = JSON.stringify(row);
    const before = open.get(key);
    const fits = before !== undefined && before.value.length + line.length <= MAX_MESSAGE_CHARS;
    if (before && !fits) messages.push(before);
    open.set(key, { key, tenantId, value: fits ? `${before.value}\n${line}` : line });
  }
  messages.push(...open.values());
  return messages;
}
