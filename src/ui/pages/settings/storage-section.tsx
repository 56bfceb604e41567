import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { RetentionSettings, StoredTable } from "../../../core/api/settings.ts";
import { formatBytes, formatCount, formatPercent, plural } from "../../format.ts";
import { Button } from "../../parts/button.tsx";
import { Field } from "../../parts/field.tsx";
import { StateMark } from "../../parts/marks.tsx";
import { Meter } from "../../parts/meter.tsx";
import { Facts, Section } from "../../parts/pane.tsx";
import { Await } from "../../parts/states.tsx";
import { When } from "../../parts/time.tsx";
import { sentence } from "../../words.ts";
import { createStorageState, KEPT, type StorageState } from "./storage-state.ts";

const TABLES: Readonly<Record<string, string>> = {
  runtime_events: "Events",
  sensor_resources: "Sensor figures",
  event_losses: "Loss ledger",
  integrity_links: "Integrity chains",
  integrity_leaves: "Integrity hashes",
  schema_migrations: "Schema versions",
};
const TONES = { well: "healthy", nearly_full: "degraded", full: "critical" } as const;
const LEVELS = { well: "Enough room", nearly_full: "Nearly full", full: "Full: no events are taken" } as const;
const METER = { well: "plain", nearly_full: "warning", full: "critical" } as const;

/** How long things are kept, what is stored, and how much room there is. */
export function StorageSection(): JSX.Element {
  const [state] = useState(createStorageState);
  useEffect(() => {
    state.loaded.load();
    return state.loaded.stop;
  }, [state]);
  return (
    <Await loaded={state.loaded.state.value} onRetry={() => state.loaded.load()}>
      {(settings) => (
        <div class="stack stack-6 settings">
          <Retention state={state} settings={settings} />
          <Room settings={settings} />
          <Stored tables={settings.tables} />
        </div>
      )}
    </Await>
  );
}

function Retention({ state, settings }: { state: StorageState; settings: RetentionSettings }): JSX.Element {
  const { shown, faults, changed, busy } = state;
  const draft = shown.value;
  return (
    <Section title="Kept for">
      <form
        class="stack stack-4"
        onSubmit={(event) => {
          event.preventDefault();
          void state.save();
        }}
      >
        <div class="kept">
          {KEPT.map(({ name, label }) => {
            const { at_least_days: least, gone_after_days: gone } = settings.kept[name];
            return (
              <Field
                key={name}
                label={label}
                unit="days"
                value={draft?.[name] ?? ""}
                onInput={(value) => state.edit(name, value)}
                maxLength={4}
                error={faults.value[name]}
                hint={`At least ${plural(least, "day")} now; gone after ${formatCount(gone)} at the latest.`}
              />
            );
          })}
        </div>
        <div class="row">
          <Button
            type="submit"
            kind="primary"
            busy={busy.value}
            disabled={!changed.value || Object.keys(faults.value).length > 0}
          >
            Save
          </Button>
          {changed.value && <Button onClick={() => state.discard()}>Discard</Button>}
        </div>
      </form>
    </Section>
  );
}

function Room({ settings }: { settings: RetentionSettings }): JSX.Element {
  const { disk, bytes_per_day: perDay, days_until_full: untilFull, last_backup_at: backup } = settings;
  const used = disk && disk.total_bytes - disk.free_bytes;
  const free =
    disk &&
    `${formatBytes(disk.free_bytes)} of ${formatBytes(disk.total_bytes)} free (${formatPercent(Math.round((disk.free_bytes / disk.total_bytes) * 100))})`;
  return (
    <Section title="Disk" count="of the Console's data directory">
      {disk && used !== null && free !== null && (
        <Meter
          label="Used space of the disk"
          words={free}
          value={used}
          of={disk.total_bytes}
          tone={METER[disk.level]}
        />
      )}
      <Facts
        items={[
          [
            "Room",
            disk ? (
              <span class="row row-wrap">
                <StateMark tone={TONES[disk.level]}>{LEVELS[disk.level]}</StateMark>
                <span class="quiet">{free}</span>
              </span>
            ) : (
              <span class="faint">can't be asked right now</span>
            ),
          ],
          [
            "Events a day",
            perDay === null ? (
              <span class="faint">known after the first whole day</span>
            ) : (
              <>
                {formatBytes(perDay)} <span class="faint">on average, last seven whole days</span>
              </>
            ),
          ],
          [
            "Full in",
            untilFull === null ? (
              <span class="faint">not in sight at this rate</span>
            ) : (
              `about ${plural(untilFull, "day")} at this rate`
            ),
          ],
          [
            "Last backup",
            backup === null ? (
              <span class="row row-wrap">
                <StateMark tone="watch">Never</StateMark>
                <span class="quiet">
                  Make one on the Console's host: <code class="machine">telovix console backup</code>
                </span>
              </span>
            ) : (
              <When at={backup} />
            ),
          ],
        ]}
      />
    </Section>
  );
}

function Stored({ tables }: { tables: readonly StoredTable[] }): JSX.Element {
  const events = tables.find((table) => table.name === "runtime_events")?.partitions ?? [];
  const most = Math.max(1, ...events.map((week) => week.bytes));
  return (
    <>
      <Section title="Stored" count="whole installation">
        <table class="stored">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Rows</th>
              <th scope="col">On disk</th>
            </tr>
          </thead>
          <tbody>
            {tables.map((table) => (
              <tr key={table.name}>
                <td>{TABLES[table.name] ?? sentence(table.name.replaceAll("_", " "))}</td>
                <td>{formatCount(table.rows)}</td>
                <td>{formatBytes(table.bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Section>
      {events.length > 0 && (
        <Section title="Events by week">
          <table class="stored stored-weeks">
            <thead>
              <tr>
                <th scope="col">Week</th>
                <th scope="col">Events</th>
                <th scope="col">On disk</th>
                <th scope="col" aria-hidden="true" />
              </tr>
            </thead>
            <tbody>
              {events.map((week) => (
                <tr key={week.from}>
                  <td class="machine">
                    {week.from} <span class="faint">to {week.to}</span>
                  </td>
                  <td>{formatCount(week.rows)}</td>
                  <td>{formatBytes(week.bytes)}</td>
                  <td aria-hidden="true">
                    <span class="stored-bar" style={{ width: `${(week.bytes / most) * 100}%` }} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Section>
      )}
    </>
  );
}
