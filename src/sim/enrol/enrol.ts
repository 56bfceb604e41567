import { compile } from "../../core/check.ts";
import { AppError } from "../../core/error.ts";
import { createSensorRequest } from "../../core/pki/csr.ts";
import { normalSerial } from "../../core/pki/names.ts";
import { x509 } from "../../core/pki/x509.ts";
import { EnrollResponse } from "../../core/wire/enroll.ts";
import { PROTOCOL_VERSION } from "../../core/wire/version.ts";
import { exchange } from "../link/http.ts";
import type { Target } from "../link/tls.ts";
import { machineHash, SIM_VERSION } from "../node/state.ts";
import type { SimIdentity, SimKey, SimState } from "./state.ts";

const response = compile(EnrollResponse);
const CONCURRENT = 12;
const MAX_TRIES = 8;
const SAVE_EVERY = 500;

/** Name of sensor `index`. */
function nodeName(index: number): string {
  return `sim-${String(index).padStart(5, "0")}`;
}

/** Makes keys and certificate requests until there are `n`; each is made once and used by every run after. */
export async function prepareKeys(state: SimState, n: number, progress: (made: number) => void): Promise<SimKey[]> {
  const keys = await state.keys();
  const before = keys.length;
  while (keys.length < n) {
    const name = nodeName(keys.length);
    const { keyPem, csrPem } = await createSensorRequest(name);
    keys.push({ node_name: name, key: keyPem, csr: csrPem });
    if (keys.length % SAVE_EVERY === 0) progress(keys.length);
  }
  if (keys.length > before) await state.saveKeys(keys);
  return keys.slice(0, n);
}

/** Where a token for the next sensor comes from. */
export type TokenSource = () => Promise<string>;

interface EnrolDeps {
  readonly state: SimState;
  readonly target: Target;
  readonly keys: readonly SimKey[];
  readonly seed: number;
  readonly token: TokenSource;
  readonly progress: (enrolled: number) => void;
  readonly signal: AbortSignal;
}

async function enrolOne(deps: EnrolDeps, index: number, key: SimKey, token: string): Promise<SimIdentity> {
  const { target, seed } = deps;
  const body = {
    protocol_version: PROTOCOL_VERSION,
    token,
    csr_pem: key.csr,
    node_name: key.node_name,
    declared_role: "generic_linux",
    flavor: "standard",
    sensor_version: SIM_VERSION,
    machine_hash: machineHash(seed, index),
    tags: ["simulated:yes"],
  };
  const answer = await exchange(target, undefined, {
    method: "POST",
    path: "/api/v1/sensors/enroll",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: Buffer.from(JSON.stringify(body)),
  });
  const text = typeof answer === "string" ? answer : Buffer.from(answer.body).toString();
  if (typeof answer === "string") throw new AppError("unavailable", `enrolment: ${answer}`);
  const retryAfterSecs = Number(/\r\nretry-after: *(\d+)/i.exec(answer.headers)?.[1]) || undefined;
  if (answer.status === 429 || answer.status >= 500)
    throw new AppError(
      "unavailable",
      `enrolment: ${answer.status}`,
      retryAfterSecs === undefined ? {} : { retryAfterSecs },
    );
  if (answer.status !== 200)
    throw new AppError("invalid_enrollment_token", `the Console refused ${key.node_name}: ${text.slice(0, 300)}`, {
      hint: "Is the token valid, and for as many nodes as --n says?",
    });
  const enrolled = response.parse(JSON.parse(text));
  const certificate = new x509.X509Certificate(enrolled.control_plane_certificate_pem);
  return {
    node_name: key.node_name,
    sensor_id: enrolled.sensor_id,
    serial: normalSerial(certificate.serialNumber),
    expires_at: enrolled.certificate_expires_at,
    cert: enrolled.control_plane_certificate_pem,
  };
}

async function withPatience(deps: EnrolDeps, index: number, key: SimKey): Promise<SimIdentity> {
  // The same over all tries: an answer that was lost is given again for the same token and key.
  let token: string | undefined;
  for (let tries = 1; ; tries++) {
    try {
      token ??= await deps.token();
      return await enrolOne(deps, index, key, token);
    } catch (error) {
      const later = error instanceof AppError && (error.code === "unavailable" || error.code === "rate_limited");
      if (!later || tries >= MAX_TRIES || deps.signal.aborted) throw error;
      await Bun.sleep((error.retryAfterSecs ?? tries) * 1000 * (0.75 + Math.random() / 2));
    }
  }
}

/** Enrols every sensor that has no certificate yet, some at a time; what was enrolled is kept when it breaks off. */
export async function enrolAll(deps: EnrolDeps): Promise<SimIdentity[]> {
  const { state, keys, progress, signal } = deps;
  const identities: (SimIdentity | undefined)[] = await state.identities();
  let next = identities.length;
  const before = next;
  let done = next;
  const fill = async (): Promise<void> => {
    while (next < keys.length && !signal.aborted) {
      const index = next++;
      identities[index] = await withPatience(deps, index, keys[index]!);
      if (++done % 100 === 0) progress(done);
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: CONCURRENT }, fill));
  // Without a hole: a sensor's place in the file is its number.
  const hole = identities.findIndex((identity) => identity === undefined);
  const whole = (hole < 0 ? identities : identities.slice(0, hole)) as SimIdentity[];
  if (whole.length > before) await state.saveIdentities(whole);
  const failed = workers.find((w) => w.status === "rejected");
  if (failed) throw failed.reason;
  signal.throwIfAborted();
  return whole.slice(0, keys.length);
}
