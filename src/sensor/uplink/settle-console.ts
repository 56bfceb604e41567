import { stat } from "node:fs/promises";
import { join } from "node:path";
import { sha256Hex } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { readIfThere, writeFileAtomic } from "../../core/spool/meta.ts";
import type { LaneSet } from "../../core/spool/lane-set.ts";
import type { SensorState } from "../state/sensor-state.ts";

const FILE = "console";
const SENSOR_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const AUTHORITY = /^[0-9a-f]{32}$/;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

function authoritiesOf(caPem: string): string[] {
  return [...caPem.matchAll(CERTIFICATE)].map(([, body]) => sha256Hex(body!.replaceAll(/\s/g, "")).slice(0, 32));
}

/** Who the sensor is: to which Console, and by what it knows it. */
export interface Belonging extends Pick<SensorState, "sensor_id" | "enrolled_at"> {
  readonly caPem: string;
}

async function isAnother(path: string, { sensor_id, enrolled_at, caPem }: Belonging): Promise<boolean> {
  const noted = ((await readIfThere(path)) ?? "").split("\n").filter((line) => line !== "");
  if (noted.some((line) => SENSOR_ID.test(line))) return !noted.includes(sensor_id);
  // Older sensors noted authorities at a start, which change: only of a note from before this enrolment do they say anything.
  const before = noted.filter((line) => AUTHORITY.test(line));
  if (before.length === 0 || (await stat(path)).mtimeMs >= Date.parse(enrolled_at)) return false;
  return authoritiesOf(caPem).every((id) => !before.includes(id));
}

/**
 * Compares this sensor with the one the spool was last used as. Its id is what the Console knows its sequences by: that stays over
 * re-enrolments with a token made for it, changes of the Console's authority and restores of the Console, and no other Console gives
 * the same one. When it is another, another Console takes the events from now on, or the same one as somebody else's, and what was
 * acknowledged before must not look lost to it. A disk that refuses does not stop the start.
 */
export async function settleConsole(spoolDir: string, sensor: Belonging, lanes: LaneSet, log: Log): Promise<void> {
  try {
    if (await isAnother(join(spoolDir, FILE), sensor)) {
      log.info("another Console, or another sensor to it, than before: what waits goes to it under new epochs", {
        waiting: lanes.stats.depth,
      });
      await lanes.leaveConsole();
    }
    // After the lanes: a crash between the two does it again.
    const note = `${sensor.sensor_id}\n`;
    if ((await readIfThere(join(spoolDir, FILE))) !== note) await writeFileAtomic(spoolDir, FILE, note);
  } catch (error) {
    log.error("whether the Console is another one could not be settled; it is tried again at the next start", {
      error,
    });
  }
}
