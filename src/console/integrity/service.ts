import type { IntegrityExportQuery, IntegrityRoots, IntegrityRootsQuery } from "../../core/api/integrity.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { keyId } from "../../core/integrity/root.ts";
import type { Signer } from "../../core/sign/ed25519.ts";
import { parseRange } from "../events/filter.ts";
import type { Db, EventDb } from "../stores/contract.ts";
import { exportRange } from "./export.ts";
import { findNodeName, listRoots } from "./store-roots.ts";

const DEFAULT_LIMIT = 48;
const MAX_EXPORT_US = 31 * 86_400_000_000;

export interface IntegrityDeps {
  readonly db: Db;
  readonly events: EventDb;
  readonly signer: () => Promise<Signer>;
  readonly clock: Clock;
}

/** An export that is ready to be read. */
export interface OpenExport {
  readonly fileName: string;
  readonly nodeName: string;
  readonly pieces: AsyncGenerator<string>;
}

/** What operators ask about the hash chains. */
export class IntegrityService {
  readonly #deps: IntegrityDeps;

  constructor(deps: IntegrityDeps) {
    this.#deps = deps;
  }

  async roots(tenantId: string, { limit = DEFAULT_LIMIT, before }: IntegrityRootsQuery): Promise<IntegrityRoots> {
    const beforeMs = before === undefined ? undefined : Date.parse(before);
    if (Number.isNaN(beforeMs)) throw new AppError("invalid_request", "/before: is not a time", { pointer: "/before" });
    const found = await listRoots(this.#deps.db, tenantId, beforeMs, limit + 1);
    const { publicPem } = await this.#deps.signer();
    const roots = found.slice(0, limit).map(({ root }) => root);
    return {
      key: { key_id: keyId(publicPem), public_key: publicPem },
      roots,
      next_before: found.length > limit ? roots.at(-1)!.hour : null,
    };
  }

  /** Throws AppError `not_found` for a sensor that is not the tenant's, `invalid_request` for a range that is none. */
  async export(tenantId: string, query: IntegrityExportQuery): Promise<OpenExport> {
    const nowMs = this.#deps.clock.nowMs();
    const { fromUs, toUs } = parseRange({ from: query.from, to: query.to }, nowMs);
    if (toUs - fromUs > MAX_EXPORT_US)
      throw new AppError("invalid_request", "/from: an export holds 31 days at most", { pointer: "/from" });
    const nodeName = await findNodeName(this.#deps.db, tenantId, query.sensor);
    if (nodeName === undefined) throw new AppError("not_found", "There is no such sensor.");
    const day = new Date(fromUs / 1000).toISOString().slice(0, 10);
    return {
      nodeName,
      fileName: `telovix-${nodeName.replace(/[^A-Za-z0-9.-]/g, "_")}-${day}.ndjson`,
      pieces: exportRange(this.#deps, { tenantId, sensorId: query.sensor, nodeName, fromUs, toUs, nowMs }),
    };
  }
}
