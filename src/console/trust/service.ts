import { compile } from "../../core/check.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { newUuid, sha256Hex } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import { readSensorRequest, type SensorRequest } from "../../core/pki/csr.ts";
import { issueSensorCertificate, type Issued } from "../../core/pki/issue.ts";
import { authorityId } from "../../core/pki/verify.ts";
import { EnrollRequest, type EnrollResponse, type TrustBootstrap } from "../../core/wire/enroll.ts";
import { MIN_PROTOCOL_VERSION, PROTOCOL_VERSION } from "../../core/wire/version.ts";
import type { AuditLog } from "../audit/contract.ts";
import { RATES, type RateLimiter } from "../http/limits.ts";
import type { LiveHub } from "../live/contract.ts";
import type { Db } from "../stores/contract.ts";
import type { KeyStore } from "./key-store.ts";
import { REPEAT_MS, type Answer } from "./store-answers.ts";
import { enrollSensor, type Enrolled, type NewCertificate, type NewSensor } from "./store-enroll.ts";
import { findToken, type TokenRow } from "./store.ts";

const checker = compile(EnrollRequest);
/** A minute and sensor: each costs an audit record. */
const REPEATS = 10;

export interface EnrollmentDeps {
  readonly db: Db;
  readonly keys: KeyStore;
  readonly audit: AuditLog;
  readonly hub: LiveHub;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly heartbeatIntervalMs: number;
  readonly streamTickMs: number;
  /** Forgets cached trust: the next request is judged by the database. */
  readonly forgetTrust: () => void;
}

export interface Caller {
  readonly clientIp: string;
  readonly userAgent: string | undefined;
}

/** What the node is told of every token that does not work: whether it was wrong, used or late is in the audit log only. */
function refusal(): AppError {
  return new AppError("invalid_enrollment_token", "The enrolment token is not valid.", {
    hint: "Make a new one in the Console: Sensors > Deploy Sensor. Tokens work once and for a short time.",
  });
}

/** Throws AppError `protocol_version` unless this Console speaks the version. */
export function checkProtocol(version: number): void {
  if (version >= MIN_PROTOCOL_VERSION && version <= PROTOCOL_VERSION) return;
  throw new AppError(
    "protocol_version",
    `Protocol version ${version} is not spoken here: ${MIN_PROTOCOL_VERSION} to ${PROTOCOL_VERSION} are.`,
    { hint: version > PROTOCOL_VERSION ? "Update the Console." : "Update the sensor.", pointer: "/protocol_version" },
  );
}

/** Turns a token and a certificate request into a sensor. */
export class EnrollmentService {
  readonly #deps: EnrollmentDeps;
  readonly #count: (by: number, labels: { outcome: string }) => void;

  constructor(deps: EnrollmentDeps) {
    this.#deps = deps;
    this.#count = deps.metrics.counter("telovix_console_enrollments_total", "Attempts to enrol, by outcome.");
  }

  bootstrap(): TrustBootstrap {
    return { protocol_version: PROTOCOL_VERSION, control_plane_ca_certificate_pem: this.#deps.keys.trustBundlePem };
  }

  /**
   * Throws AppError `invalid_enrollment_token` for a wrong, used, revoked or late token alike; `invalid_request` with a pointer
   * for a request that does not fit the token or the rules; `protocol_version`.
   */
  async enroll(body: unknown, caller: Caller): Promise<EnrollResponse> {
    const version = (body as { protocol_version?: unknown } | null)?.protocol_version;
    if (Number.isSafeInteger(version)) checkProtocol(version as number);
    const request = checker.parse(body);
    const { db, keys, clock } = this.#deps;
    const tokenHash = sha256Hex(request.token);
    const token = await findToken(db, tokenHash);
    const problem = this.#problem(token);
    // The signature in the request is looked at after the token: strangers cost a look-up, not cryptography.
    if (!token || problem !== undefined) throw await this.#refuse(request, token, problem ?? "unknown", caller);
    const { publicKey, keyHash, tags } = await readRequest(request, token).catch(async (error: unknown) => {
      // Of a used token no more is said than that it does not work.
      throw token.used_at ? await this.#refuse(request, token, "already used", caller) : error;
    });
    const sensor: NewSensor = {
      sensorId: newUuid(clock.nowMs()),
      tenantId: token.tenant_id,
      nodeName: request.node_name,
      declaredRole: request.declared_role,
      flavor: request.flavor,
      cluster: clusterOf(tags) ?? null,
      tags,
      machineHash: request.machine_hash,
      sensorVersion: request.sensor_version,
    };
    const issuerId = authorityId(keys.authority.certificate);
    let issued: Issued | undefined;
    const issue = async (sensorId: string): Promise<NewCertificate> => {
      const named = { sensorId, nodeName: request.node_name, publicKey };
      issued = await issueSensorCertificate(keys.authority, named, clock.nowMs());
      return { ...issued, keyHash, issuerId };
    };
    const done = await enrollSensor(db, tokenHash, sensor, keyHash, issue, new Date(clock.nowMs()));
    if (done.outcome === "repeated") {
      await this.#repeated(request, token, done.answer, caller);
      return this.#answer(done.answer.sensorId, done.answer);
    }
    if (done.outcome !== "enrolled" || !issued) throw await this.#refuseLate(request, token, done.outcome, caller);
    await this.#enrolled({ ...sensor, sensorId: done.sensorId }, issued.serial, token, done, caller);
    return this.#answer(done.sensorId, issued);
  }

  #answer(sensorId: string, { pem, notAfter }: Pick<Issued, "pem" | "notAfter">): EnrollResponse {
    const { keys, heartbeatIntervalMs, streamTickMs } = this.#deps;
    return {
      protocol_version: PROTOCOL_VERSION,
      sensor_id: sensorId,
      control_plane_certificate_pem: pem,
      control_plane_ca_certificate_pem: keys.trustBundlePem,
      policy_signing_public_key_pem: keys.policySigner.publicPem,
      certificate_expires_at: notAfter.toISOString(),
      heartbeat_interval_ms: heartbeatIntervalMs,
      stream_tick_ms: streamTickMs,
    };
  }

  /** Undefined as well for a token that was used a moment ago: whose key asks again is found out later. */
  #problem(token: TokenRow | undefined): string | undefined {
    const nowMs = this.#deps.clock.nowMs();
    if (!token) return "unknown";
    if (token.used_at) return nowMs - token.used_at.getTime() < REPEAT_MS ? undefined : "already used";
    if (token.revoked_at) return "revoked";
    return token.expires_at.getTime() <= nowMs ? "expired" : undefined;
  }

  /** The node did not get its answer, so that the sensor was in the fleet and could not report. */
  async #repeated(request: EnrollRequest, token: TokenRow, answer: Answer, caller: Caller): Promise<void> {
    const { sensorId, serial } = answer;
    this.#deps.limiter.check(`repeated enrolment ${sensorId}`, REPEATS);
    this.#count(1, { outcome: "repeated" });
    const { node_name } = request;
    this.#deps.log.info("sensor given the answer to its enrolment again", { sensor_id: sensorId, node_name });
    await this.#deps.audit.record({
      tenantId: token.tenant_id,
      actionType: "sensor_enrollment_repeated",
      outcome: "success",
      sensorId,
      detail: { node_name, certificate_serial: serial, token_id: token.token_id },
      clientIp: caller.clientIp,
      userAgent: caller.userAgent,
    });
  }

  async #enrolled(
    sensor: { sensorId: string; tenantId: string; nodeName: string; declaredRole: string; flavor: string },
    serial: string,
    token: TokenRow,
    done: { readonly again: boolean; readonly machineChanged: boolean },
    caller: Caller,
  ): Promise<void> {
    this.#count(1, { outcome: done.again ? "again" : "success" });
    // What is cached of it is void; its connections until now end when the new certificate is first used.
    if (done.again) this.#deps.forgetTrust();
    this.#deps.log.info(done.again ? "sensor enrolled again" : "sensor enrolled", {
      sensor_id: sensor.sensorId,
      node_name: sensor.nodeName,
    });
    await this.#deps.audit.record({
      tenantId: sensor.tenantId,
      actionType: done.again ? "sensor_reenrolled" : "sensor_enrolled",
      outcome: "success",
      sensorId: sensor.sensorId,
      detail: {
        node_name: sensor.nodeName,
        declared_role: sensor.declaredRole,
        flavor: sensor.flavor,
        certificate_serial: serial,
        token_id: token.token_id,
        token_created_by: token.created_by,
        ...(token.cluster === null ? {} : { cluster: token.cluster }),
        ...(done.machineChanged ? { machine_changed: true } : {}),
      },
      clientIp: caller.clientIp,
      userAgent: caller.userAgent,
    });
    this.#deps.hub.sensorChanged(sensor.tenantId, sensor.sensorId, "enrolled");
  }

  /** The token was good when it was looked at first. */
  async #refuseLate(
    request: EnrollRequest,
    token: TokenRow,
    outcome: Enrolled["outcome"],
    caller: Caller,
  ): Promise<AppError> {
    if (outcome === "exhausted") {
      await this.#refuse(request, token, "its nodes are all in", caller);
      return new AppError("conflict", `This token has brought in the ${token.max_nodes} nodes it may.`, {
        hint: "Make another token for the cluster; its nodes so far are not touched.",
      });
    }
    if (outcome === "revoked") {
      await this.#refuse(request, token, "the node was revoked", caller);
      return new AppError("sensor_revoked", "This node was revoked: a token of its cluster does not let it in again.", {
        hint: "An administrator can make a re-enrolment token on its page.",
      });
    }
    return this.#refuse(request, token, "already used", caller, outcome === "other_key");
  }

  /** `otherKey`: the token was used a moment ago, and whoever comes now is not that node: somebody else has it, then or now. */
  async #refuse(
    request: EnrollRequest,
    token: TokenRow | undefined,
    why: string,
    caller: Caller,
    otherKey = false,
  ): Promise<AppError> {
    this.#count(1, { outcome: otherKey ? "other_key" : "refused" });
    // Good tokens pass whatever else comes from their address; failures beyond the rate are counted, but fill no audit log.
    const waitSecs = this.#deps.limiter.take(`failed enrolment ${caller.clientIp}`, RATES.failedEnrolments);
    if (waitSecs > 0)
      return new AppError("rate_limited", "Too many attempts to enrol with tokens that are not valid.", {
        retryAfterSecs: waitSecs,
      });
    const other = otherKey ? { other_key: true } : {};
    this.#deps.log.warn("enrolment refused", { why, token_id: token?.token_id, client_ip: caller.clientIp, ...other });
    await this.#deps.audit.record({
      tenantId: token?.tenant_id,
      actionType: "sensor_enrollment_refused",
      outcome: "failure",
      detail: { why, node_name: request.node_name, ...(token ? { token_id: token.token_id } : {}), ...other },
      clientIp: caller.clientIp,
      userAgent: caller.userAgent,
    });
    return refusal();
  }
}

/** What the request asks for; throws AppError `invalid_request` for what does not fit the token or the rules. */
async function readRequest(request: EnrollRequest, token: TokenRow): Promise<SensorRequest & { tags: string[] }> {
  checkFits(request, token);
  return { ...(await readSensorRequest(request.csr_pem, request.node_name)), tags: tagsOf(request, token) };
}

/** A token made for one node, role or flavour serves no other. */
function checkFits(request: EnrollRequest, token: TokenRow): void {
  for (const field of ["node_name", "declared_role", "flavor"] as const) {
    const wanted = token[field];
    if (wanted !== null && wanted !== request[field])
      throw new AppError("invalid_request", `/${field}: this token is for ${wanted}.`, {
        pointer: `/${field}`,
        hint: `Enrol with ${wanted}, or make a token for ${request[field]}.`,
      });
  }
}

const CLUSTER_TAG = "cluster:";

function clusterOf(tags: readonly string[]): string | undefined {
  return tags.find((tag) => tag.startsWith(CLUSTER_TAG))?.slice(CLUSTER_TAG.length);
}

/** The node's tags, with that of its token's cluster; a node that names another cluster is refused. */
function tagsOf(request: EnrollRequest, token: TokenRow): string[] {
  const tags = [...new Set(request.tags ?? [])];
  if (token.cluster === null) return tags;
  const named = clusterOf(tags);
  if (named === undefined) return [...tags, CLUSTER_TAG + token.cluster];
  if (named !== token.cluster)
    throw new AppError("invalid_request", `/tags: this token is for the cluster ${token.cluster}.`, {
      pointer: "/tags",
      hint: `Enrol with --cluster ${token.cluster}, or make a token for ${named}.`,
    });
  return tags;
}
