import type { SensorInventory } from "../../core/api/sensors.ts";
import { compile } from "../../core/check.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { sha256Hex } from "../../core/ids.ts";
import type { Metrics } from "../../core/metrics.ts";
import { Inventory, type InventoryResponse } from "../../core/wire/inventory.ts";
import type { SensorPeer } from "../http/env.ts";
import { Loader } from "../ingest/loader.ts";
import type { Db } from "../stores/contract.ts";
import { storableJson } from "../stores/storable-json.ts";
import { listSections, saveSnapshots, SECTIONS, type Section, type SectionUpdate, type Snapshot } from "./store.ts";

const checker = compile(Inventory);
/** A sensor's clock may be wrong; a snapshot is never from the future. */
const DAY_MS = 86_400_000;
/** A fleet that comes at once brings all its snapshots: they must not stand before its hellos and heartbeats. */
const SNAPSHOTS_AT_ONCE = { maxKeys: 50, maxActive: 2, maxWaiting: 1_000 };

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
  readonly #snapshots: Loader<Snapshot, readonly Section[] | Error>;

  constructor(deps: { db: Db; clock: Clock; metrics: Metrics }) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#snapshots = new Loader((snapshots) => this.#save(snapshots), SNAPSHOTS_AT_ONCE);
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
    const stored = await this.#snapshots.get({
      tenantId,
      sensorId,
      updates,
      observedAt: this.observedAt(observedAtMs),
    });
    if (stored instanceof Error) throw stored;
    this.counted(stored.length, updates.length - stored.length);
    return {
      stored: [...stored],
      unchanged: updates.map((u) => u.section).filter((section) => !stored.includes(section)),
    };
  }

  /** Several sensors share a transaction; what one sends that cannot be stored costs the others nothing. */
  async #save(snapshots: readonly Snapshot[]): Promise<(readonly Section[] | Error)[]> {
    // A sensor comes twice only when it was cut off in between: its snapshots go in their order.
    const ids = new Set(snapshots.map(({ sensorId }) => sensorId));
    try {
      if (ids.size === snapshots.length) return await saveSnapshots(this.#db, snapshots);
    } catch (error) {
      if (snapshots.length === 1 || (error instanceof AppError && error.code === "unavailable")) throw error;
    }
    const stored: (readonly Section[] | Error)[] = [];
    for (const one of snapshots)
      stored.push(
        await saveSnapshots(this.#db, [one]).then(
          ([sections]) => sections!,
          (error: Error) => error,
        ),
      );
    return stored;
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
