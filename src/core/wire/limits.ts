/** Bounds both ends keep. Sizes are of the body as sent and, where compressed, again after decompression. */
export const LIMITS = {
  heartbeatBytes: 4 * 1024 * 1024,
  eventsBytes: 4 * 1024 * 1024,
  inventoryBytes: 2 * 1024 * 1024,
  enrollBytes: 64 * 1024,
  streamFrameBytes: 1024 * 1024,
  /** Decompressed size of any compressed body or frame. */
  decompressedBytes: 32 * 1024 * 1024,
  eventsPerBatch: 10_000,
  heartbeatEvents: 100,
  inventoryProcesses: 20_000,
  inventoryConnections: 20_000,
  /** What a whole fleet may send, by the interval the Console asks for; inventories asked for come besides. */
  inventoriesPerSec: 20,
} as const;

/** Rhythm of the sensor plane. */
export const INTERVALS = {
  heartbeatMs: 15_000,
  /** Of inventories, at least and at most. */
  inventoryMs: 15_000,
  inventoryMaxMs: 3_600_000,
  streamTickMs: 500,
  streamPingMs: 10_000,
  reconnectMinMs: 1_000,
  reconnectMaxMs: 30_000,
} as const;
