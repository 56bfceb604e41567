import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { DiskState, RetentionSettings, StoredTable } from "../../../core/api/settings.ts";
import { formatBytes, formatCount, formatPercent, plural } from "../../format.ts";
import { Button } from "../../parts/button.tsx";
import { Field } from "../../parts/field.tsx";
import { StateMark } from "../../parts/marks.tsx";
import { Facts, Section } from "../../parts/pane.tsx";
import { Await } from "../../parts/states.tsx";
import { Ago } from "../../parts/time.tsx";
import { sentence } from "../../words.ts";
import { createStorageState, KEPT, type StorageState } from "./storage-state.ts";

const TABLES: Readonly<Record<string, string>> = {
  runtime_events: "Events",
  sensor_resources: "Sensor figures",
  event_losses: "Loss ledger",
};
const TONES = { well: "healthy", nearly_full: "degraded", full: "critical" } as const;
const LEVELS = { well: "Well", nearly_full: "Nearly full", full: "Full: no events are taken" } as const;

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
                label={`${label}, days`}
                value={draft?.[name] ?? ""}
                onInput={(value) => state.edit(name, value)}
                maxLength={4}
                error={faults.value[name]}
                hint={`Now: at least ${plural(least, "day")}, gone after ${formatCount(gone)} at the latest.`}
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

function Meter({ disk }: { disk: DiskState }): JSX.Element {
  const used = disk.total_bytes - disk.free_bytes;
  const percent = disk.total_bytes > 0 ? (used / disk.total_bytes) * 100 : 0;
  return (
    <div
      class={`disk-meter disk-${disk.level}`}
      role="meter"
      aria-label="Used space of the disk"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(percent)}
    >
      <span style={{ width: `${percent}%` }} />
    </div>
  );
}

function Room({ settings }: { settings: RetentionSettings }): JSX.Element {
  const { disk, bytes_per_day: perDay, days_until_full: untilFull, last_backup_at: backup } = settings;
  return (
    <Section title="Room">
      {disk && <Meter disk={disk} />}
      <Facts
        items={[
          ["Disk", disk && <StateMark tone={TONES[disk.level]}>{LEVELS[disk.level]}</StateMark>],
          [
            "Free",
            disk &&
              `${formatBytes(disk.free_bytes)} of ${formatBytes(disk.total_bytes)} (${formatPercent(Math.round((disk.free_bytes / disk.total_bytes) * 100))})`,
          ],
          ["Events a day", perDay === null ? "not known yet" : formatBytes(perDay)],
          [
            "Full in",
            untilFull === null
              ? "not at this rate, as far as is known"
              : `about ${plural(untilFull, "day")} at this rate`,
          ],
          ["Last backup", <Ago at={backup} />],
        ]}
      />
      {backup === null && (
        <p class="faint">
          On the Console's host: <code class="machine">telovix console backup</code>
        </p>
      )}
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
