import { basename, dirname } from "node:path";
import { readFile, stat } from "node:fs/promises";
import { Type, type Static } from "typebox";
import { compile } from "../../core/check.ts";
import { AppError } from "../../core/error.ts";
import { writeFileAtomic } from "../../core/spool/meta.ts";
import { NodeName, Uuid } from "../../core/wire/common.ts";
import { DeclaredRole, Flavor } from "../../core/wire/enroll.ts";
import type { StatePaths } from "./paths.ts";

/** sensor-state.json: who this node is and how its trust stands. */
export const SensorState = Type.Object(
  {
    version: Type.Literal(1),
    sensor_id: Uuid,
    console_url: Type.String({ maxLength: 2048, pattern: "^https://" }),
    node_name: NodeName,
    declared_role: DeclaredRole,
    flavor: Flavor,
    enrolled_at: Type.String({ maxLength: 40 }),
    certificate_serial: Type.String({ pattern: "^[0-9a-f]{1,64}$" }),
    certificate_expires_at: Type.String({ maxLength: 40 }),
    trust_state: Type.Union([Type.Literal("trusted"), Type.Literal("error"), Type.Literal("revoked")]),
    last_error: Type.Optional(Type.String({ maxLength: 512 })),
    last_error_at: Type.Optional(Type.String({ maxLength: 40 })),
    heartbeat_interval_ms: Type.Integer({ minimum: 100, maximum: 3_600_000 }),
    stream_tick_ms: Type.Integer({ minimum: 50, maximum: 60_000 }),
  },
  { additionalProperties: false },
);
export type SensorState = Static<typeof SensorState>;

const checker = compile(SensorState);

/** The state of an enrolled sensor, undefined before enrolment. Throws AppError `invalid_request` when the file is damaged. */
export async function readSensorState(paths: StatePaths): Promise<SensorState | undefined> {
  let text: string;
  try {
    text = await readFile(paths.sensorState, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const hint = "Enrol this node again with a re-enrolment token and --force.";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AppError("invalid_request", `${paths.sensorState} is not JSON`, { cause: error, hint });
  }
  const fault = checker.fault(value);
  if (fault) throw new AppError("invalid_request", `${paths.sensorState}: ${fault.pointer}: ${fault.reason}`, { hint });
  return value as SensorState;
}

export async function writeSensorState(paths: StatePaths, state: SensorState): Promise<void> {
  await writeState(paths.sensorState, `${JSON.stringify(checker.parse(state), null, 2)}\n`);
}

/** Replaces a file of the state directory as a whole; readable by its owner only. */
export function writeState(path: string, content: string): Promise<void> {
  return writeFileAtomic(dirname(path), basename(path), content, 0o600);
}

/** What the sensor proves itself with and checks the Console against. PEM texts. */
export interface Credentials {
  readonly keyPem: string;
  readonly certPem: string;
  readonly caPem: string;
}

/** Reads the credentials; throws AppError `forbidden` when the private key is open to others. */
export async function readCredentials(paths: StatePaths): Promise<Credentials> {
  const info = await stat(paths.clientKey);
  if (info.mode & 0o077)
    throw new AppError("forbidden", `${paths.clientKey} can be read by other users`, {
      hint: `If nobody took it: chmod 600 ${paths.clientKey}. Otherwise enrol again.`,
    });
  const [keyPem, certPem, caPem] = await Promise.all(
    [paths.clientKey, paths.clientCert, paths.consoleCa].map((path) => readFile(path, "utf8")),
  );
  return { keyPem: keyPem!, certPem: certPem!, caPem: caPem! };
}
