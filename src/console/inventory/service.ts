import type { SensorInventory } from "../../core/api/sensors.ts";
import { compile } from "../../core/check.ts";
import type { Clock } from "../../core/clock.ts";
import { sha256Hex } from "../../core/ids.ts";
import type { Metrics } from "../../core/metrics.ts";
import { Inventory, type InventoryResponse } from "../../core/wire/inventory.ts";
import type { SensorPeer } from "../http/env.ts";
import type { Db } from "../stores/contract.ts";
import { storableJson } from "../stores/storable-json.ts";
import { findHashes, listSections, saveSections, SECTIONS, type Section, type SectionUpdate } from "./store.ts";

const checker = compile(Inventory);
/** A sensor's clock may be wrong; a snapshot is never from the future. */
const DAY_MS = 86_400_000;

export type Sections = Partial<Record<Section, readonly unknown[]>>;

/** Last snapshots of what runs on the nodes; a section is written only when it differs from what is there. */
export class InventoryService {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #count: (by: number, labels: { outcome: string }) => void;

  constructor(deps: { db: Db; clock: Clock; metrics: Metrics }) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#count = deps.metrics.counter("telovix_console_inventory_sections_total", "Inventory sections received.");
  }

  /** Takes POST /sensors/inventory; throws AppError `invalid_request` with the pointer. */
  async take(peer: SensorPeer, body: unknown): Promise<InventoryResponse> {
    const inventory = checker.parse(body);
    const sections: Sections = {};
    for (const section of SECTIONS) {
      const content = inventory[section];
      if (content) sections[section] = content;
      // A full snapshot says of what it leaves out that there is none.
      else if (inventory.is_full_snapshot) sections[section] = [];
    }
    return this.store(peer, sections, inventory.observed_at_us / 1000);
  }

  /** Stores sections that are known to fit their schema. */
  async store(peer: SensorPeer, sections: Sections, observedAtMs: number): Promise<InventoryResponse> {
    const names = SECTIONS.filter((section) => sections[section] !== undefined);
    if (names.length === 0) return { stored: [], unchanged: [] };
    const hashes = await findHashes(this.#db, peer.tenantId, peer.sensorId);
    const updates: SectionUpdate[] = [];
    for (const section of names) {
      const content = storableJson(sections[section]);
      const hash = sha256Hex(content);
      if (hashes.get(section) !== hash) updates.push({ section, hash, content });
    }
    const nowMs = this.#clock.nowMs();
    const observedAt = new Date(Math.max(nowMs - DAY_MS, Math.min(observedAtMs, nowMs)));
    if (updates.length > 0) await saveSections(this.#db, peer.tenantId, peer.sensorId, updates, observedAt);
    this.#count(updates.length, { outcome: "stored" });
    this.#count(names.length - updates.length, { outcome: "unchanged" });
    const stored = updates.map((u) => u.section);
    return { stored, unchanged: names.filter((section) => !stored.includes(section)) };
  }

  /** The last snapshot; empty, with `observed_at` null, when none has come. */
  async find(tenantId: string, sensorId: string): Promise<SensorInventory> {
    const rows = await listSections(this.#db, tenantId, sensorId);
    const at = (section: Section): unknown[] => rows.find((row) => row.section === section)?.content ?? [];
    const newest = rows.map((row) => row.observed_at.getTime()).toSorted((a, b) => b - a)[0];
    return {
      observed_at: newest === undefined ? null : new Date(newest).toISOString(),
      processes: at("processes") as SensorInventory["processes"] & unknown[],
      connections: at("connections") as SensorInventory["connections"] & unknown[],
      listening: at("listening") as SensorInventory["listening"] & unknown[],
      flows: at("flows") as SensorInventory["flows"] & unknown[],
    };
  }
}
