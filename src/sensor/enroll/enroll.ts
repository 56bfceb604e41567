import { readFile } from "node:fs/promises";
import { compile } from "../../core/check.ts";
import { AppError } from "../../core/error.ts";
import type { Secret } from "../../core/log.ts";
import { normalSerial } from "../../core/pki/names.ts";
import { x509 } from "../../core/pki/x509.ts";
import { readIfThere } from "../../core/spool/meta.ts";
import { EnrollRequest, EnrollResponse, type Flavor } from "../../core/wire/enroll.ts";
import { PROTOCOL_VERSION } from "../../core/wire/version.ts";
import { readInstance } from "../state/instance.ts";
import type { StatePaths } from "../state/paths.ts";
import { readSensorState, type SensorState } from "../state/sensor-state.ts";
import { uplinkTls, type UplinkTls } from "../uplink/tls.ts";
import { beginAttempt, endAttempt, findAttempt, type Begun } from "./attempt.ts";
import { trustAnybody, trustByPin } from "./bootstrap.ts";
import { refusal, unreachable } from "./errors.ts";
import { commitIdentity, finishSwitch } from "./identity-files.ts";

export interface EnrollOptions {
  readonly consoleUrl: string;
  readonly token: Secret;
  /** `sha256//` and the base64 SHA-256 of the Console's public key, as curl's --pinnedpubkey takes it. */
  readonly pin?: string | undefined;
  /** PEM file of the authority to trust instead. */
  readonly caFile?: string | undefined;
  /** Believes whoever answers. */
  readonly insecure?: boolean | undefined;
  readonly nodeName: string;
  readonly role: string;
  readonly flavor: Flavor;
  readonly tags: readonly string[];
  readonly sensorVersion: string;
  /** Replaces an enrolment that is there. */
  readonly force?: boolean | undefined;
}

const request = compile(EnrollRequest);
const response = compile(EnrollResponse);
const TIMEOUT_MS = 30_000;
const PIN = /^sha256\/\/[A-Za-z0-9+/]{43}=$/;

/** The Console's address as an origin; throws AppError for anything else. */
function parseConsoleUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text.includes("://") ? text : `https://${text}`);
  } catch (error) {
    throw new AppError("invalid_request", `${text} is not the address of a Console`, {
      cause: error,
      pointer: "/console",
      hint: "Write it as https://host:15483.",
    });
  }
  if (
    url.protocol !== "https:" ||
    url.username ||
    url.search ||
    url.hash ||
    (url.pathname !== "/" && url.pathname !== "")
  )
    throw new AppError("invalid_request", `${text} is not the address of a Console`, {
      pointer: "/console",
      hint: "Write it as https://host:15483.",
    });
  return url;
}

async function establishTrust(url: URL, options: EnrollOptions, nowMs: number): Promise<UplinkTls> {
  if (options.pin !== undefined) {
    if (!PIN.test(options.pin))
      throw new AppError("invalid_request", "the pin must be sha256// and 44 characters of base64", {
        pointer: "/pin",
        hint: "Copy it whole from the Console: it stands in the line of Deploy Sensor.",
      });
    return trustByPin(url, options.pin, nowMs);
  }
  if (options.caFile !== undefined) {
    const caPem = await readFile(options.caFile, "utf8");
    if (!caPem.includes("-----BEGIN CERTIFICATE-----"))
      throw new AppError("invalid_request", `${options.caFile} has no PEM certificate in it`, {
        hint: "Name the file of the authority that signed the Console's certificate, in PEM.",
      });
    return uplinkTls({ caPem });
  }
  if (options.insecure) return trustAnybody(url);
  throw new AppError("invalid_request", "nothing says how to recognise the Console", {
    hint: "Give --pin (the Console prints it beside the token) or --ca-file.",
  });
}

async function postRequest(url: URL, tls: UplinkTls, body: EnrollRequest): Promise<EnrollResponse> {
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(new URL("/api/v1/sensors/enroll", url), {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      tls: { ...tls },
    });
    // A connection cut in the middle of the answer is one that may be asked again, too.
    text = await answer.text();
  } catch (error) {
    throw unreachable(url, error);
  }
  if (answer.status === 401)
    throw new AppError(
      "invalid_enrollment_token",
      "the Console does not take this token: it is wrong, used already, revoked or too old",
      {
        hint: "Make a new one (Deploy Sensor, or telovix console token create) and use it once.",
      },
    );
  if (!answer.ok) throw await refusal(new Response(text, answer));
  return response.parse(JSON.parse(text));
}

function checkCertificate(answer: EnrollResponse, nowMs: number): string {
  const certificate = new x509.X509Certificate(answer.control_plane_certificate_pem);
  // Certificates begin two days before they are made, so that a clock that is a day wrong does no harm here.
  if (nowMs < certificate.notBefore.getTime() || nowMs > certificate.notAfter.getTime())
    throw new AppError(
      "invalid_sensor_trust",
      `the certificate just made is valid from ${certificate.notBefore.toISOString()}, but this node's clock says ${new Date(nowMs).toISOString()}`,
      {
        hint: "Set this node's clock (timedatectl, chronyc makestep), then enrol with a new token.",
      },
    );
  return normalSerial(certificate.serialNumber);
}

/** What an attempt led to that was killed when the identity was this node's already. */
async function findDone(paths: StatePaths, { keyPem }: Begun): Promise<SensorState | undefined> {
  // A damaged identity is what an enrolment mends.
  await finishSwitch(paths).catch(() => undefined);
  return (await readIfThere(paths.clientKey)) === keyPem ? readSensorState(paths) : undefined;
}

/**
 * Joins this node to a Console: a key made here, a certificate for it from there, all written to the state directory.
 * An enrolment that is there is replaced only with `force`; what waits in the spool stays. Throws AppError with a sentence
 * for people. `patiently` runs what asks the Console, again while it is busy. The key stays the same for the same token, over these
 * tries and over later calls, until the enrolment is done or refused: an answer that was lost is given again for that key only.
 */
export async function enroll(
  paths: StatePaths,
  options: EnrollOptions,
  nowMs: number,
  patiently: <T>(ask: () => Promise<T>) => Promise<T> = (ask) => ask(),
): Promise<SensorState> {
  const url = parseConsoleUrl(options.consoleUrl);
  const { machine_hash: hash } = await readInstance();
  const purpose = {
    token: options.token.reveal().trim(),
    node_name: options.nodeName,
    ...(hash === undefined ? {} : { machine_hash: hash }),
  };
  const begun = await findAttempt(paths, purpose);
  const done = begun && (await findDone(paths, begun));
  if (done) {
    await endAttempt(paths);
    return done;
  }
  const before = options.force ? undefined : await readSensorState(paths);
  if (before)
    throw new AppError("conflict", `this node is enrolled already, as ${before.node_name} at ${before.console_url}`, {
      hint: "Use --force to enrol it anew.",
    });
  const { keyPem, csrPem } = begun ?? (await beginAttempt(paths, purpose));
  const body = request.parse({
    protocol_version: PROTOCOL_VERSION,
    csr_pem: csrPem,
    ...purpose,
    declared_role: options.role,
    flavor: options.flavor,
    sensor_version: options.sensorVersion,
    ...(options.tags.length === 0 ? {} : { tags: [...options.tags] }),
  });
  const ask = async (): Promise<EnrollResponse> => {
    const tls = await establishTrust(url, options, nowMs);
    return postRequest(url, tls, body);
  };
  const answer = await patiently(ask).catch(async (error: unknown) => {
    if (error instanceof AppError && error.code === "invalid_enrollment_token") await endAttempt(paths);
    throw error;
  });
  const serial = checkCertificate(answer, nowMs);
  const state: SensorState = {
    version: 1,
    sensor_id: answer.sensor_id,
    console_url: url.origin,
    node_name: options.nodeName,
    declared_role: options.role,
    flavor: options.flavor,
    enrolled_at: new Date(nowMs).toISOString(),
    certificate_serial: serial,
    certificate_expires_at: answer.certificate_expires_at,
    trust_state: "trusted",
    heartbeat_interval_ms: answer.heartbeat_interval_ms,
    stream_tick_ms: answer.stream_tick_ms,
  };
  // All of it or nothing: a node that is killed here has its old identity or its new one, and its spool in either case.
  await commitIdentity(paths, {
    key_pem: keyPem,
    cert_pem: answer.control_plane_certificate_pem,
    ca_pem: answer.control_plane_ca_certificate_pem,
    policy_signing_pem: answer.policy_signing_public_key_pem,
    state,
  });
  await finishSwitch(paths);
  await endAttempt(paths);
  return state;
}
