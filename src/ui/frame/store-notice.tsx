import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { api, type StoreFault } from "../api.ts";
import { Banner } from "../parts/states.tsx";
import { poll } from "../resource.ts";

const LOOK_MS = 15_000;

const faults = signal<readonly StoreFault[]>([]);

const NAMES: Readonly<Record<string, string>> = {
  postgresql: "PostgreSQL",
  clickhouse: "ClickHouse",
  kafka: "Kafka",
  redis: "Redis",
  disk: "Disk",
  "event intake": "Events",
};

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
      {faults.value.map(({ name, optional, problem, action }) => (
        <Banner key={name} tone={optional && !/ is full/.test(problem ?? "") ? "warning" : "critical"}>
          <strong>{NAMES[name] ?? name}:</strong> {problem ?? "does not answer"}. <span class="quiet">{action}</span>
        </Banner>
      ))}
    </div>
  );
}
