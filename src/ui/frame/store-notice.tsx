import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { api, type StoreFault } from "../api.ts";
import { isNarrow } from "../media.ts";
import { Banner } from "../parts/states.tsx";
import { poll } from "../resource.ts";
import { can } from "../session.ts";

const LOOK_MS = 15_000;

const faults = signal<readonly StoreFault[]>([]);

const NAMES: Readonly<Record<string, string>> = {
  postgresql: "PostgreSQL",
  clickhouse: "ClickHouse",
  kafka: "Kafka",
  "kafka readers": "Reading from Kafka",
  redis: "Redis",
  disk: "Disk",
  "event intake": "Events",
};

/** What it means for the person in front of it. */
const MEANING: Readonly<Record<string, string>> = {
  postgresql: "Sensors and settings can't be shown or changed, and nobody can sign in.",
  clickhouse:
    "Events and losses can't be shown, and new events are not taken: sensors keep theirs and send them later.",
  kafka: "New events are not taken: sensors keep theirs and send them later.",
  "kafka readers":
    "New events are taken and wait in the Kafka cluster: search, timelines and losses do not show them until they are read.",
  redis: "Limits and live news reach one Console only, not all of them.",
};

const READ_ONLY = "Nothing can be changed and nobody can sign in; who is signed in reads on.";

function meaningOf(name: string, problem: string): string | undefined {
  return name === "postgresql" && /read-only|read only/.test(problem) ? READ_ONLY : MEANING[name];
}

async function look(): Promise<void> {
  // A Console that cannot be reached is told of elsewhere.
  faults.value = (await api.faults().catch(() => undefined)) ?? faults.peek();
}

/** Above every page while a store does not answer or its disk fills: what it is, and what to do. */
export function StoreNotice(): JSX.Element | null {
  useEffect(() => {
    void look();
    return poll(LOOK_MS, () => void look());
  }, []);
  if (faults.value.length === 0) return null;
  return (
    <div class="store-notice">
      {faults.value.map((fault) => (
        <Notice key={fault.name} fault={fault} />
      ))}
    </div>
  );
}

function Notice({ fault: { name, optional, problem, action } }: { fault: StoreFault }): JSX.Element {
  const called = NAMES[name] ?? name;
  const said = problem ?? "does not answer";
  const what = <strong>{said.startsWith(called) ? said : `${called}: ${said}`}.</strong>;
  const more = (
    <>
      {meaningOf(name, said)} <span class="quiet">{action}</span>
      {name === "disk" && can("admin") && (
        <>
          {" "}
          <a class="inline-link" href="/settings/storage">
            Storage
          </a>
        </>
      )}
    </>
  );
  const tone = optional && !/ is full/.test(problem ?? "") ? "warning" : "critical";
  return (
    <Banner tone={tone}>
      {isNarrow.value ? (
        <details open={tone === "critical"}>
          <summary>{what}</summary>
          {more}
        </details>
      ) : (
        <>
          {what} {more}
        </>
      )}
    </Banner>
  );
}
