import { join } from "node:path";
import { sha256Hex } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { readIfThere, writeFileAtomic } from "../../core/spool/meta.ts";
import type { LaneSet } from "../../core/spool/lane-set.ts";

const FILE = "console";
const CERTIFICATE = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

function authoritiesOf(caPem: string): string[] {
  return [...caPem.matchAll(CERTIFICATE)].map(([, body]) => sha256Hex(body!.replaceAll(/\s/g, "")).slice(0, 32));
}

/**
 * Compares the Console's authorities with those the spool was last used under. When none of them is the same, another Console takes the
 * events from now on, and what the first one acknowledged must not look lost to it. A disk that refuses does not stop the start.
 */
export async function settleConsole(spoolDir: string, caPem: string, lanes: LaneSet, log: Log): Promise<void> {
  try {
    const now = authoritiesOf(caPem);
    const before = ((await readIfThere(join(spoolDir, FILE))) ?? "").split("\n").filter((line) => line !== "");
    if (before.length > 0 && now.every((id) => !before.includes(id))) {
      log.info("another Console than before: what waits goes to it under new epochs", { waiting: lanes.stats.depth });
      await lanes.leaveConsole();
    }
    // After the lanes: a crash between the two does it again.
    if (now.join() !== before.join()) await writeFileAtomic(spoolDir, FILE, `${now.join("\n")}\n`);
  } catch (error) {
    log.error("whether the Console is another one could not be settled; it is tried again at the next start", {
      error,
    });
  }
}
