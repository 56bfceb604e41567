import { compile } from "../../core/check.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { isUuid, newUuid, randomToken, sha256Hex } from "../../core/ids.ts";
import type { Role } from "../../core/api/auth.ts";
import {
  CLUSTER_TOKEN_DAYS,
  CreateClusterTokenRequest,
  CreateTokenRequest,
  type CreatedToken,
  type TokenStatus,
  type TokenSummary,
} from "../../core/api/tokens.ts";
import type { AuditLog } from "../audit/contract.ts";
import type { Db } from "../stores/contract.ts";
import { installCommand, manualCommand, type InstallLine } from "./install-command.ts";
import {
  findKnownSensor,
  findSensorIds,
  insertToken,
  listTokens,
  revokeToken,
  type NewToken,
  type TokenRow,
} from "./store.ts";

const LISTED = 500;
const DAY_MS = 86_400_000;
const once = compile(CreateTokenRequest);
const ofCluster = compile(CreateClusterTokenRequest);

/** Who asks, for the record. */
export interface Actor {
  readonly tenantId: string;
  /** Undefined: the administrator of the Console's own host. */
  readonly email: string | undefined;
  readonly role?: Role | undefined;
  readonly clientIp?: string | undefined;
  readonly userAgent?: string | undefined;
}

/** Status of a token; an exhausted one still lets nodes in again that it brought in before. */
export function tokenStatus(
  row: Pick<TokenRow, "used_at" | "revoked_at" | "expires_at" | "max_nodes" | "nodes">,
  nowMs: number,
): TokenStatus {
  if (row.used_at) return "used";
  if (row.revoked_at) return "revoked";
  if (row.expires_at.getTime() <= nowMs) return "expired";
  return row.max_nodes !== null && row.nodes >= row.max_nodes ? "exhausted" : "pending";
}

function summary(row: TokenRow, nowMs: number): TokenSummary {
  return {
    token_id: row.token_id,
    kind: row.kind === "cluster" ? "cluster" : row.reenrolls === null ? "once" : "reenroll",
    status: tokenStatus(row, nowMs),
    node_name: row.node_name,
    declared_role: row.declared_role,
    created_by: row.created_by,
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
    used_at: row.used_at?.toISOString() ?? null,
    sensor_id: row.sensor_id ?? row.reenrolls,
    cluster: row.cluster,
    max_nodes: row.max_nodes,
    nodes: row.nodes,
  };
}

type Draft = Pick<NewToken, "nodeName" | "declaredRole" | "flavor" | "cluster" | "maxNodes" | "reenrolls">;

/** Enrolment tokens: only their SHA-256 is kept, and each change is in the audit log. */
export class TokenService {
  readonly #db: Db;
  readonly #audit: AuditLog;
  readonly #clock: Clock;
  readonly #keys: { readonly pin: string };
  readonly #ttlMs: number;

  constructor(deps: { db: Db; audit: AuditLog; clock: Clock; keys: { readonly pin: string }; ttlMs: number }) {
    this.#db = deps.db;
    this.#audit = deps.audit;
    this.#clock = deps.clock;
    this.#keys = deps.keys;
    this.#ttlMs = deps.ttlMs;
  }

  /** Makes a token for one use, and the line that uses it. `url` is the Console's address as nodes reach it. */
  async create(actor: Actor, body: unknown, url: string): Promise<CreatedToken> {
    const request = once.parse(body);
    const { node_name: nodeName, declared_role: declaredRole, flavor, sensor_id: sensorId } = request;
    const draft =
      sensorId === undefined ? { nodeName, declaredRole, flavor } : await this.#reenrolment(actor, sensorId, request);
    return this.#make(actor, draft, this.#ttlMs, url, { ...request });
  }

  /** Makes a token that every node of one cluster uses. */
  async createForCluster(actor: Actor, body: unknown, url: string): Promise<CreatedToken> {
    const request = ofCluster.parse(body);
    const { cluster, expires_days: days = CLUSTER_TOKEN_DAYS.usual, max_nodes: maxNodes } = request;
    const { declared_role: declaredRole, flavor } = request;
    const draft = { nodeName: undefined, declaredRole, flavor, cluster, maxNodes };
    return this.#make(actor, draft, days * DAY_MS, url, { ...request, expires_days: days });
  }

  /** The id of the one sensor in service with this name, or the text itself if it is an id. */
  async resolveSensor(tenantId: string, idOrName: string): Promise<string> {
    if (isUuid(idOrName)) return idOrName;
    const [first, second] = await findSensorIds(this.#db, tenantId, idOrName);
    if (first === undefined) throw new AppError("not_found", `There is no sensor in service named ${idOrName}.`);
    if (second !== undefined)
      throw new AppError("conflict", `More than one sensor is named ${idOrName}.`, { hint: "Give the sensor's id." });
    return first;
  }

  /** The newest 500. */
  async list(tenantId: string): Promise<TokenSummary[]> {
    const nowMs = this.#clock.nowMs();
    return (await listTokens(this.#db, tenantId, LISTED)).map((row) => summary(row, nowMs));
  }

  /** Throws AppError `not_found` when there is no pending token of this id. */
  async revoke(actor: Actor, tokenId: string): Promise<void> {
    const row = isUuid(tokenId) ? await revokeToken(this.#db, actor.tenantId, tokenId) : undefined;
    if (!row) throw new AppError("not_found", "There is no pending token of this id.");
    await this.#record(actor, "enrollment_token_revoked", { token_id: tokenId });
  }

  async #reenrolment(actor: Actor, sensorId: string, request: CreateTokenRequest): Promise<Draft> {
    const sensor = await findKnownSensor(this.#db, actor.tenantId, sensorId);
    if (!sensor) throw new AppError("not_found", "There is no sensor of this id.", { pointer: "/sensor_id" });
    // Only an administrator may revoke, so only an administrator may take it back. The host's own has no role and may all.
    if (sensor.lifecycle === "revoked" && actor.role !== undefined && actor.role !== "admin")
      throw new AppError("forbidden", "This sensor was revoked: only an administrator can let it in again.");
    return {
      nodeName: request.node_name ?? sensor.node_name,
      declaredRole: request.declared_role ?? sensor.declared_role,
      flavor: request.flavor ?? sensor.flavor,
      reenrolls: sensorId,
    };
  }

  async #make(
    actor: Actor,
    draft: Draft,
    ttlMs: number,
    url: string,
    request: Readonly<Record<string, unknown>>,
  ): Promise<CreatedToken> {
    const token = `tse_${randomToken(32)}`;
    const tokenId = newUuid(this.#clock.nowMs());
    const expiresAt = new Date(this.#clock.nowMs() + ttlMs);
    await insertToken(this.#db, {
      ...draft,
      tokenId,
      tenantId: actor.tenantId,
      tokenHash: sha256Hex(token),
      createdBy: actor.email ?? "administrator of this host",
      expiresAt,
    });
    await this.#record(actor, "enrollment_token_created", { token_id: tokenId, ...request }, draft.reenrolls);
    const { nodeName, declaredRole, flavor, cluster } = draft;
    const replace = draft.reenrolls !== undefined;
    const line: InstallLine = {
      consoleUrl: url,
      pin: this.#keys.pin,
      token,
      nodeName,
      declaredRole,
      flavor,
      cluster,
      replace,
    };
    return {
      token_id: tokenId,
      token,
      expires_at: expiresAt.toISOString(),
      install_command: installCommand(line),
      manual_command: manualCommand(line),
      console_url: url,
      pinned_public_key: this.#keys.pin,
    };
  }

  #record(actor: Actor, actionType: string, detail: Record<string, unknown>, sensorId?: string): Promise<void> {
    return this.#audit.record({
      tenantId: actor.tenantId,
      actionType,
      outcome: "success",
      actorEmail: actor.email,
      sensorId,
      detail,
      clientIp: actor.clientIp,
      userAgent: actor.userAgent,
    });
  }
}
