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

/** Leaves out what grows by itself: it is right for the time of the snapshot that is stored. */
function withoutAge(entry: unknown): string {
  if (typeof entry !== "object" || entry === null || !("duration_secs" in entry)) return JSON.stringify(entry);
  const { duration_secs: _age, ...rest } = entry;
  return JSON.stringify(rest);
}

type Sections = Partial<Record<Section, readonly unknown[]>>;

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

  /** Stores sections that are known to fit their schema, those that differ from what is there. */
  async store(peer: SensorPeer, sections: Sections, observedAtMs: number): Promise<InventoryResponse> {
    const updates = this.prepare(sections);
    if (updates.length === 0) return { stored: [], unchanged: [] };
    const { tenantId, sensorId } = peer;
    const hashes = await findHashes(this.#db, tenantId, sensorId);
    const changed = updates.filter(({ section, hash }) => hashes.get(section) !== hash);
    const observedAt = this.observedAt(observedAtMs);
    if (changed.length > 0)
      await this.#db.tenant(tenantId, (tx) =>
        saveSections(
          tx,
          changed.map((update) => ({ ...update, tenantId, sensorId, observedAt })),
        ),
      );
    this.counted(changed.length, updates.length - changed.length);
    const stored = changed.map((u) => u.section);
    return { stored, unchanged: updates.map((u) => u.section).filter((section) => !stored.includes(section)) };
  }

  /** Sections with the hash that tells whether they differ from what is stored: in more than the order of entries and their age. */
  prepare(sections: Sections): SectionUpdate[] {
    return SECTIONS.flatMap((section) => {
      const entries = sections[section];
      if (!entries) return [];
      const told = entries.map(withoutAge).toSorted().join("\n");
      return [
        {
          section,
          hash: sha256Hex(told),
          sizeChars: told.length,
          // Most sections are as they were: the text is made for those that are stored.
          get content() {
            return storableJson(entries);
          },
        },
      ];
    });
  }

  /** When a snapshot was made: never in the future, and at most a day ago. */
  observedAt(observedAtMs: number): Date {
    const nowMs = this.#clock.nowMs();
    return new Date(Math.max(nowMs - DAY_MS, Math.min(observedAtMs, nowMs)));
  }

  /** Counts what became of sections. */
  counted(stored: number, unchanged: number): void {
    this.#count(stored, { outcome: "stored" });
    this.#count(unchanged, { outcome: "unchanged" });
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
