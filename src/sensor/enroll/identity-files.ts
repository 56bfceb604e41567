import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Type, type Static } from "typebox";
import { compile } from "../../core/check.ts";
import { AppError } from "../../core/error.ts";
import { readIfThere, syncDir } from "../../core/spool/meta.ts";
import { Pem } from "../../core/wire/common.ts";
import type { StatePaths } from "../state/paths.ts";
import { readSensorState, SensorState, writeSensorState, writeState } from "../state/sensor-state.ts";

/**
 * A new identity on its way to its place. Key and certificate are files of their own and can't be replaced at once, so they go there
 * over one file that is written whole: `client.next.json` holds what has not proven itself yet and is dropped without harm,
 * `client.switch.json` what is being put in place; a start that finds it goes on where the last one was killed.
 */
export const NewIdentity = Type.Object(
  {
    key_pem: Pem,
    cert_pem: Pem,
    ca_pem: Type.String({ maxLength: 262_144, pattern: "^-----BEGIN " }),
    /** Left out by a renewal: it is no matter of the control plane's. */
    policy_signing_pem: Type.Optional(Pem),
    /** What changes in sensor-state.json. */
    state: Type.Partial(SensorState),
  },
  { additionalProperties: false },
);
export type NewIdentity = Static<typeof NewIdentity>;

const checker = compile(NewIdentity);
const nextPath = (paths: StatePaths): string => join(paths.dir, "client.next.json");
const switchPath = (paths: StatePaths): string => join(paths.dir, "client.switch.json");

async function readIdentity(path: string): Promise<NewIdentity | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return checker.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError("invalid_request", `${path} is damaged`, { cause, hint: "Enrol this node again." });
  }
}

/** Keeps an identity beside the present one, until it has proven itself. */
export function stageIdentity(paths: StatePaths, identity: NewIdentity): Promise<void> {
  return writeState(nextPath(paths), `${JSON.stringify(identity)}\n`);
}

/** The identity that has yet to prove itself; a damaged one is as good as none. */
export function readStaged(paths: StatePaths): Promise<NewIdentity | undefined> {
  return readIdentity(nextPath(paths)).catch(() => undefined);
}

export async function dropStaged(paths: StatePaths): Promise<void> {
  await rm(nextPath(paths), { force: true });
}

/** From here on the staged identity is this node's, whatever happens. */
export async function commitStaged(paths: StatePaths): Promise<void> {
  await rename(nextPath(paths), switchPath(paths));
  await syncDir(paths.dir);
}

/** Takes an identity at once: for an enrolment, which has none to go back to. */
export async function commitIdentity(paths: StatePaths, identity: NewIdentity): Promise<void> {
  await dropStaged(paths);
  await writeState(switchPath(paths), `${JSON.stringify(identity)}\n`);
}

/** The steps that put an identity in place; each may be done again. */
export function switchSteps(paths: StatePaths, identity: NewIdentity): readonly (() => Promise<void>)[] {
  return [
    () => writeState(paths.clientKey, identity.key_pem),
    () => writeState(paths.clientCert, identity.cert_pem),
    () => writeState(paths.consoleCa, identity.ca_pem),
    async () => {
      if (identity.policy_signing_pem !== undefined) await writeState(paths.policySigning, identity.policy_signing_pem);
    },
    async () => {
      // An enrolment brings all of it: the troubles of the identity before are not its own.
      const isWhole = identity.state.sensor_id !== undefined;
      const before = isWhole ? undefined : await readSensorState(paths).catch(() => undefined);
      await writeSensorState(paths, { ...before, ...identity.state } as SensorState);
    },
    async () => {
      await rm(switchPath(paths), { force: true });
      await syncDir(paths.dir);
    },
  ];
}

/** Puts a committed identity in place, or finishes doing so; undefined when there is none. */
export async function finishSwitch(paths: StatePaths): Promise<NewIdentity | undefined> {
  const identity = await readIdentity(switchPath(paths));
  if (!identity) return undefined;
  for (const step of switchSteps(paths, identity)) await step();
  return identity;
}
