import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import type { Dependency } from "../http/readiness.ts";
import type { Db } from "../stores/contract.ts";
import { GRACE_MS, HOUR_MS } from "./hours.ts";
import { findNewestRootMs, formatHour } from "./store-roots.ts";

const HINT =
  "Compare the Console's clock with the time. If it was ahead and is right now, nothing is left to do: what was not signed meanwhile comes under the next root. If it is behind, set it.";

/** Says on /readyz that no roots are signed, because the last one is of an hour that is still to come: the clock went back. */
export function rootsDependency({ db, clock }: { readonly db: Db; readonly clock: Clock }): Dependency {
  return {
    name: "hourly roots",
    optional: true,
    knownBy: "postgresql",
    ping: async () => {
      const lastMs = await findNewestRootMs(db).catch((error: unknown) => {
        // A database that does not answer is told of elsewhere.
        if (error instanceof AppError && error.code === "unavailable") return undefined;
        throw error;
      });
      const nowMs = clock.nowMs();
      if (lastMs === undefined || lastMs <= nowMs) return;
      const again = new Date(lastMs + 2 * HOUR_MS + GRACE_MS).toISOString();
      throw new AppError(
        "conflict",
        `the last root is of the hour ${formatHour(lastMs)}, and by the Console's clock it is ${new Date(nowMs).toISOString()}: the next one is signed at ${again}; until then events are stored and chained as ever, and not signed`,
        { hint: HINT },
      );
    },
    action: HINT,
  };
}
