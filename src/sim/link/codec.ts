import { Packr, Unpackr } from "msgpackr";
import { LIMITS } from "../../core/wire/limits.ts";

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });

/** Bytes of a value as MessagePack; valid until the next call only where the caller copies or sends at once. */
export function packed(value: unknown): Uint8Array {
  return packr.pack(value);
}

/** A message as sensors send it: MessagePack, zstd at the level that costs least. */
export function encode(value: unknown): Uint8Array {
  return Bun.zstdCompressSync(packr.pack(value), { level: 1 });
}

/** Inverse of `encode`; throws for anything else. */
export function decode(bytes: Uint8Array): unknown {
  if (bytes.length > LIMITS.streamFrameBytes) throw new Error("the Console's frame is too large");
  return unpackr.unpack(Bun.zstdDecompressSync(Uint8Array.from(bytes))) as unknown;
}
