import { compile } from "../../core/check.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { isUuid, newUuid, randomToken, sha256Hex } from "../../core/ids.ts";
import { CreateTokenRequest, type CreatedToken, type TokenStatus, type TokenSummary } from "../../core/api/tokens.ts";
import type { AuditLog } from "../audit/contract.ts";
import type { Db } from "../stores/contract.ts";
import { installCommand, manualCommand } from "./install-command.ts";
import { insertToken, listTokens, revokeToken, type TokenRow } from "./store.ts";

const LISTED = 500;
const checker = compile(CreateTokenRequest);

/** Who asks, for the record. */
export interface Actor {
  readonly tenantId: string;
  /** Undefined: the administrator of the Console's own host. */
  readonly email: string | undefined;
  readonly clientIp?: string | undefined;
  readonly userAgent?: string | undefined;
}

function statusOf(row: TokenRow, nowMs: number): TokenStatus {
  if (row.used_at) return "used";
  if (row.revoked_at) return "revoked";
  return row.expires_at.getTime() <= nowMs ? "expired" : "pending";
}

function summary(row: TokenRow, nowMs: number): TokenSummary {
  return {
    token_id: row.token_id,
    status: statusOf(row, nowMs),
    node_name: row.node_name,
    declared_role: row.declared_role,
    created_by: row.created_by,
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
    used_at: row.used_at?.toISOString() ?? null,
    sensor_id: row.sensor_id,
  };
}

/** One-time enrolment tokens: only their SHA-256 is kept, and each change is in the audit log. */
export class TokenService {
  readonly #db: Db;
  readonly #audit: AuditLog;
  readonly #clock: Clock;
  readonly #pin: string;
  readonly #ttlMs: number;

  constructor(deps: { db: Db; audit: AuditLog; clock: Clock; pin: string; ttlMs: number }) {
    this.#db = deps.db;
    this.#audit = deps.audit;
    this.#clock = deps.clock;
    this.#pin = deps.pin;
    this.#ttlMs = deps.ttlMs;
  }

  /** Makes a token and the line that uses it. `url` is the Console's address as nodes reach it. */
  async create(actor: Actor, body: unknown, url: string): Promise<CreatedToken> {
    const request = checker.parse(body);
    const token = `tse_${randomToken(32)}`;
    const tokenId = newUuid(this.#clock.nowMs());
    const expiresAt = new Date(this.#clock.nowMs() + this.#ttlMs);
    await insertToken(this.#db, {
      tokenId,
      tenantId: actor.tenantId,
      tokenHash: sha256Hex(token),
      nodeName: request.node_name,
      declaredRole: request.declared_role,
      flavor: request.flavor,
      createdBy: actor.email ?? "administrator of this host",
      expiresAt,
    });
    await this.#record(actor, "enrollment_token_created", { token_id: tokenId, ...request });
    const { node_name: nodeName, declared_role: declaredRole, flavor } = request;
    const line = { consoleUrl: url, pin: this.#pin, token, nodeName, declaredRole, flavor };
    return {
      token_id: tokenId,
      token,
      expires_at: expiresAt.toISOString(),
      install_command: installCommand(line),
      manual_command: manualCommand(line),
      console_url: url,
      pinned_public_key: this.#pin,
    };
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

  #record(actor: Actor, actionType: string, detail: Record<string, unknown>): Promise<void> {
    return this.#audit.record({
      tenantId: actor.tenantId,
      actionType,
      outcome: "success",
      actorEmail: actor.email,
      detail,
      clientIp: actor.clientIp,
      userAgent: actor.userAgent,
    });
  }
}
