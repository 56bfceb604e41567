import { describe, expect, test } from "bun:test";
import { RuntimeEvent } from "../event/event.ts";
import { sha256Hex } from "../ids.ts";
import { EnrollRequest, EnrollResponse, TrustBootstrap } from "./enroll.ts";
import { EventsBatchEnvelope, EventsResponse } from "./events.ts";
import { Heartbeat, HeartbeatResponse } from "./heartbeat.ts";
import { Inventory, InventoryResponse } from "./inventory.ts";
import { RenewRequest, RenewResponse, TrustBundle } from "./renew.ts";
import { StreamDown, StreamUp } from "./stream.ts";
import { PROTOCOL_VERSION } from "./version.ts";

const SCHEMAS = {
  RuntimeEvent,
  EnrollRequest,
  EnrollResponse,
  TrustBootstrap,
  EventsBatchEnvelope,
  EventsResponse,
  Heartbeat,
  HeartbeatResponse,
  Inventory,
  InventoryResponse,
  RenewRequest,
  RenewResponse,
  TrustBundle,
  StreamUp,
  StreamDown,
};

/** Hash of all wire schemas at each protocol version. A shipped version's hash never changes. */
const PINNED: Readonly<Record<number, string>> = {
  1: "09d0b1021713b1bf",
  2: "81398be2c0b1bf72",
  3: "4340bc77e9fb0ad4",
};

describe("wire schemas", () => {
  test("have not changed without a new protocol version", () => {
    const hash = sha256Hex(JSON.stringify(SCHEMAS)).slice(0, 16);
    // Fails after a change of a message: raise PROTOCOL_VERSION, write its history line, and pin the new hash here.
    expect(hash).toBe(PINNED[PROTOCOL_VERSION]!);
  });
});
