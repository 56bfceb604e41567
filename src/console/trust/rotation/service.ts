import { RotationRequest, type AuthorityStatus, type RotationAction } from "../../../core/api/trust.ts";
import { compile } from "../../../core/check.ts";
import type { Clock } from "../../../core/clock.ts";
import { AppError } from "../../../core/error.ts";
import type { Log } from "../../../core/log.ts";
import { x509 } from "../../../core/pki/x509.ts";
import type { AuditLog } from "../../audit/contract.ts";
import type { Db } from "../../stores/contract.ts";
import { makeAuthority, readAuthorities, removeAuthority } from "../authority-files.ts";
import type { TrustBus } from "../bus.ts";
import { newAuthority, type Keys } from "../keys.ts";
import type { Actor } from "../tokens.ts";
import { hostLabel, lackingFault, lackingHosts } from "./hosts.ts";
import { actionsIn, issuingId, stepOf, type Standing, type Step } from "./phases.ts";
import { countByIssuer, insertNext, listHosts, listWaiting, updateStanding, type WaitingRow } from "./store.ts";

const LISTED = 100;
/** As many as a Console has at most. */
const ALL = 100_000;
/** A host that was not heard of for so long does not run. */
const AWAY_MS = 120_000;
const checker = compile(RotationRequest);

export interface RotationDeps {
  readonly db: Db;
  readonly dir: string;
  readonly keys: Keys;
  readonly bus: TrustBus;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Log;
}

const AUDITED: Readonly<Record<RotationAction, string>> = {
  rotate: "ca_rotation_started",
  advance: "ca_rotation_advanced",
  abort: "ca_rotation_aborted",
};

/** Leads the change of the Console's authority, step by step, each when a person asks for it. */
export class RotationService {
  readonly #deps: RotationDeps;

  constructor(deps: RotationDeps) {
    this.#deps = deps;
  }

  /** Where it stands. Names of sensors are told of the tenant only; the numbers are over all. */
  async status(tenantId: string): Promise<AuthorityStatus> {
    const { db, keys, clock } = this.#deps;
    await keys.reload();
    const { standing } = keys;
    const counts = await countByIssuer(db, keys.trustBundleHash, clock.nowMs());
    const waiting = await this.#waiting(standing, standing.phase === "dual_issue" ? "advance" : "abort");
    const blocked = waiting.total > 0;
    const hosts = await listHosts(db);
    const lacking = new Set(lackingHosts(hosts, standing).map(({ host }) => host));
    const actions = actionsIn(standing.phase).filter(
      (a) =>
        (!blocked || a !== (standing.phase === "dual_issue" ? "advance" : "abort")) &&
        (lacking.size === 0 || a !== "advance"),
    );
    return {
      phase: standing.phase,
      since: standing.since.toISOString(),
      authorities: standing.authorities.flatMap(({ id, certificatePem, standing: as }) => {
        if (as === "retired") return [];
        const certificate = new x509.X509Certificate(certificatePem);
        return {
          id,
          subject: certificate.subject,
          not_before: certificate.notBefore.toISOString(),
          not_after: certificate.notAfter.toISOString(),
          standing: as,
          sensors: counts.byIssuer.get(id) ?? 0,
        };
      }),
      sensors: counts.sensors,
      sensors_with_bundle: counts.withBundle,
      waiting: waiting.rows
        .filter((row) => row.tenant_id === tenantId)
        .map((row) => ({
          sensor_id: row.sensor_id,
          node_name: row.node_name,
          last_seen_at: row.last_seen_at?.toISOString() ?? null,
          reason: row.by_certificate ? "certificate" : "bundle",
        })),
      waiting_total: waiting.total,
      hosts: hosts.map((host) => ({
        name: hostLabel(host),
        seen_at: host.seenAt.toISOString(),
        lacks_key: lacking.has(host),
      })),
      actions,
      server_certificate_ends_at: keys.serverNotAfter.toISOString(),
      pinned_public_key: keys.pin,
    };
  }

  /** Throws AppError `conflict` when the action does not fit the phase, or would cut sensors off and is not forced. */
  async act(actor: Actor, action: RotationAction, body: unknown): Promise<AuthorityStatus> {
    const force = checker.parse(body ?? {}).force ?? false;
    const { keys, bus, audit } = this.#deps;
    await keys.reload();
    const before = keys.standing;
    const { standing, cut } = action === "rotate" ? await this.#rotate() : await this.#step(actor, action, force);
    await keys.reload();
    bus.publish({ kind: "authorities" });
    for (const row of cut) bus.publish({ kind: "cut", sensorId: row.sensor_id });
    await audit.record({
      tenantId: actor.tenantId,
      actionType: action === "advance" && standing.phase === "stable" ? "ca_rotation_completed" : AUDITED[action],
      outcome: "success",
      actorEmail: actor.email,
      detail: {
        from: before.phase,
        to: standing.phase,
        issuing: issuingId(standing),
        ...(force ? { forced: true, sensors_cut_off: cut.length } : {}),
      },
      clientIp: actor.clientIp,
      userAgent: actor.userAgent,
    });
    this.#deps.log.info("the certificate authority changes", { action, from: before.phase, to: standing.phase });
    return this.status(actor.tenantId);
  }

  async #rotate(): Promise<{ standing: Standing; cut: WaitingRow[] }> {
    const { db, dir, clock, log } = this.#deps;
    const standing = await insertNext(db, async (current) => {
      // What a start that was broken off left behind was never in anybody's hands.
      const known = new Set(current.authorities.map((a) => a.id));
      for (const file of await readAuthorities(dir)) if (!known.has(file.id)) await removeAuthority(file);
      return newAuthority(await makeAuthority(dir, false, clock.nowMs(), log));
    });
    if (!standing)
      throw new AppError("conflict", "The authority is being changed already.", {
        hint: "Advance or abort what is under way first.",
      });
    return { standing, cut: [] };
  }

  async #step(
    { tenantId }: Actor,
    action: "advance" | "abort",
    force: boolean,
  ): Promise<{ standing: Standing; cut: WaitingRow[] }> {
    const current = this.#deps.keys.standing;
    const step = stepOf(current, action);
    if (!step) throw new AppError("conflict", "The authority is not being changed.", { hint: "Begin with rotate." });
    if (action === "advance") await this.#assertKeys(current, force);
    const waiting = await this.#waitingFor(step, action, ALL);
    if (waiting.total > 0 && !force) throw blocked(waiting, tenantId);
    if (action === "advance" && step.phase === "dual_issue") await this.#mustHaveKey(step.issuing);
    const standing = await updateStanding(this.#deps.db, current.version, step);
    if (!standing)
      throw new AppError("conflict", "Somebody else was quicker.", { hint: "Look at the status and decide anew." });
    return { standing, cut: waiting.rows.filter((row) => row.by_certificate) };
  }

  /** Behind a step, a host without its keys could not issue, or not even show who it is. Force is for those that are away. */
  async #assertKeys(standing: Standing, force: boolean): Promise<void> {
    const { db, clock } = this.#deps;
    const lacking = lackingHosts(await listHosts(db), standing).filter(
      ({ host }) => !force || clock.nowMs() - host.seenAt.getTime() < AWAY_MS,
    );
    const fault = lackingFault(lacking);
    if (fault) throw fault;
  }

  /** Else the step would leave every Console unable to issue. */
  async #mustHaveKey(id: string): Promise<void> {
    const file = (await readAuthorities(this.#deps.dir)).find((f) => f.id === id);
    if (file?.privateKey) return;
    throw new AppError("conflict", "The next authority's key is not in this Console's trust directory.", {
      hint: "Advance on the Console where the change was begun, or copy its trust directory here first.",
    });
  }

  #waiting(standing: Standing, action: "advance" | "abort"): Promise<{ rows: WaitingRow[]; total: number }> {
    const step = stepOf(standing, action);
    return step ? this.#waitingFor(step, action, LISTED) : Promise.resolve({ rows: [], total: 0 });
  }

  async #waitingFor(
    step: Step,
    action: "advance" | "abort",
    limit: number,
  ): Promise<{ rows: WaitingRow[]; total: number }> {
    if (step.drops === undefined) return { rows: [], total: 0 };
    const { db, keys, clock } = this.#deps;
    const bundle = action === "advance" ? keys.trustBundleHash : undefined;
    return listWaiting(db, step.drops, bundle, clock.nowMs(), limit);
  }
}

function blocked({ rows, total }: { rows: readonly WaitingRow[]; total: number }, tenantId: string): AppError {
  const own = rows.filter((row) => row.tenant_id === tenantId);
  const names = own.slice(0, 5).map((row) => row.node_name);
  const more = total > names.length ? ` and ${total - names.length} more` : "";
  return new AppError(
    "conflict",
    `${total === 1 ? "1 sensor" : `${total} sensors`} would be cut off${names.length > 0 ? ": " : ""}${names.join(", ")}${more}.`,
    {
      hint: "They renew by themselves when they report. Wait for them, or go on with force and enrol them again.",
    },
  );
}
