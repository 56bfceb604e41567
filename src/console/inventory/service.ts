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
import { InventoryAsks } from "./rhythm.ts";
import { listSections, saveSnapshots, SECTIONS, type Section, type SectionUpdate, type Snapshot } from "./store.ts";

const checker = compile(Inventory);
/** A sensor's clock may be wrong; a snapshot is never from the future. */
const DAY_MS = 86_400_000;
/** A fleet that comes at once brings all its snapshots: they must not stand before its hellos and heartbeats, nor fill the memory. */
const SNAPSHOTS_AT_ONCE = { maxKeys: 50, maxActive: 2, maxWaiting: 250 };
/**
 * What moves by itself (memory, processor time, the age of a connection) is no reason to write a list again: it is right for the time of
 * the snapshot that is stored. Unless that is this old, or the list came because somebody asked for it: those are full snapshots.
 */
const FIGURES_MS = 10 * 60_000;

/** The text an entry's hash is made of: all but what moves by itself. */
function told(section: Section, entry: unknown): string {
  if (typeof entry !== "object" || entry === null) return JSON.stringify(entry);
  if (section === "processes") {
    const { cpu_percent: _c, rss_bytes: _r, state: _s, ...rest } = entry as Record<string, unknown>;
    return JSON.stringify(rest);
  }
  if (!("duration_secs" in entry)) return JSON.stringify(entry);
  const { duration_secs: _age, ...rest } = entry;
  return JSON.stringify(rest);
}

type Sections = Partial<Record<Section, readonly unknown[]>>;

export interface InventoryDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Asks a sensor for its inventory; false when it has no stream. */
  readonly refresh?: (sensorId: string) => boolean;
  /** Told when what somebody looks at was stored anew. */
  readonly onLooked?: (peer: SensorPeer) => void;
}

/** Last snapshots of what runs on the nodes; a section is written only when it differs from what is there, or that has become old. */
export class InventoryService {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #count: (by: number, labels: { outcome: string }) => void;
  readonly #snapshots: Loader<Snapshot, readonly Section[] | Error>;
  readonly #asks: InventoryAsks;
  readonly #onLooked: (peer: SensorPeer) => void;

  constructor(deps: InventoryDeps) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#asks = new InventoryAsks(deps.refresh ?? (() => false), deps.clock);
    this.#onLooked = deps.onLooked ?? (() => {});
    this.#snapshots = new Loader((snapshots) => this.#save(snapshots), SNAPSHOTS_AT_ONCE);
    this.#count = deps.metrics.counter("telovix_console_inventory_sections_total", "Inventory sections received.");
  }

  /** Takes an inventory, posted or by the stream; throws AppError `invalid_request` with the pointer. */
  async take(peer: SensorPeer, body: unknown): Promise<InventoryResponse> {
    const inventory = checker.parse(body);
    const sections: Sections = {};
    for (const section of SECTIONS) {
      const content = inventory[section];
      if (content) sections[section] = content;
      // A full snapshot says of what it leaves out that there is none.
      else if (inventory.is_full_snapshot) sections[section] = [];
    }
    return this.store(peer, sections, inventory.observed_at_us / 1000, inventory.is_full_snapshot);
  }

  /** Stores sections that are known to fit their schema: those that differ from what is there; when they were asked for, all. */
  async store(
    peer: SensorPeer,
    sections: Sections,
    observedAtMs: number,
    wasAskedFor = false,
  ): Promise<InventoryResponse> {
    const updates = this.prepare(sections);
    if (updates.length === 0) return { stored: [], unchanged: [] };
    const { tenantId, sensorId } = peer;
    const observedAt = this.observedAt(observedAtMs);
    const stored = await this.#snapshots.get({
      tenantId,
      sensorId,
      updates,
      observedAt,
      staleBefore: wasAskedFor ? observedAt : new Date(observedAt.getTime() - FIGURES_MS),
    });
    if (stored instanceof Error) throw stored;
    this.counted(stored.length, updates.length - stored.length);
    if (wasAskedFor && this.#asks.isAsked(sensorId)) this.#onLooked(peer);
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

  /** Sections with the hash that tells whether they differ from what is stored: in more than the order of entries and their figures. */
  prepare(sections: Sections): SectionUpdate[] {
    return SECTIONS.flatMap((section) => {
      const entries = sections[section];
      if (!entries) return [];
      const text = entries
        .map((entry) => told(section, entry))
        .toSorted()
        .join("\n");
      return [
        {
          section,
          hash: sha256Hex(text),
          sizeChars: text.length,
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

  /** The last snapshot; empty, with `observed_at` null, when none has come. The sensor is asked for one as of now, for the next look. */
  async find(tenantId: string, sensorId: string): Promise<SensorInventory> {
    this.#asks.ask(sensorId);
    const rows = await listSections(this.#db, tenantId, sensorId);
    const at = (section: Section): unknown[] => rows.find((row) => row.section === section)?.content ?? [];
    const newest = rows.map((row) => row.observed_at.getTime()).toSorted((a, b) => b - a)[0];
    const processes = rows.find((row) => row.section === "processes");
    return {
      observed_at: newest === undefined ? null : new Date(newest).toISOString(),
      processes_observed_at: processes?.observed_at.toISOString() ?? null,
      processes: at("processes") as SensorInventory["processes"] & unknown[],
      connections: at("connections") as SensorInventory["connections"] & unknown[],
      listening: at("listening") as SensorInventory["listening"] & unknown[],
      flows: at("flows") as SensorInventory["flows"] & unknown[],
    };
  }
}
