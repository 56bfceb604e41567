const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat("en", { maximumFractionDigits: 1, minimumFractionDigits: 1 });

/** `12345` → `12,345`. */
export function formatCount(value: number): string {
  return number.format(value);
}

/** `1 sensor`, `2 sensors`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`;
}

/** Short form for tight places: `1.2 k`, `3.4 M`; under 10,000 in full. */
export function formatShort(value: number): string {
  if (value < 10_000) return formatCount(value);
  if (value < 1_000_000) return `${oneDigit.format(value / 1000)} k`;
  if (value < 1_000_000_000) return `${oneDigit.format(value / 1e6)} M`;
  return `${oneDigit.format(value / 1e9)} G`;
}

/** A rate: `0.2`, `14`, `1.2 k` (per second, unit written beside it). */
export function formatRate(value: number): string {
  if (value === 0) return "0";
  return value < 10 && !Number.isInteger(value) ? oneDigit.format(value) : formatShort(Math.round(value));
}

/** Bytes with binary units: `512 B`, `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`;
  let value = bytes;
  let unit = "B";
  for (unit of ["KiB", "MiB", "GiB", "TiB", "PiB"]) {
    value /= 1024;
    if (value < 1024) break;
  }
  return `${value < 100 ? oneDigit.format(value) : number.format(value)} ${unit}`;
}

/** `4.2 %`. */
export function formatPercent(value: number): string {
  return `${value < 10 && !Number.isInteger(value) ? oneDigit.format(value) : number.format(value)} %`;
}

/** A length of time in its two largest sensible units: `850 µs`, `12 ms`, `4 s`, `3 min`, `2 h 5 min`, `41 d`. */
export function formatDuration(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const secs = ms / 1000;
  if (secs < 10) return `${oneDigit.format(secs)} s`;
  if (secs < 60) return `${Math.floor(secs)} s`;
  const mins = Math.floor(secs / 60);
  if (mins < 60)
    return mins < 10 && Math.floor(secs % 60) > 0 ? `${mins} min ${Math.floor(secs % 60)} s` : `${mins} min`;
  const hours = Math.floor(mins / 60);
  if (hours < 24) return mins % 60 > 0 ? `${hours} h ${mins % 60} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return days < 10 && hours % 24 > 0 ? `${days} d ${hours % 24} h` : `${days} d`;
}

/** How long ago, in one unit: `just now`, `12 s ago`, `4 min ago`, `3 h ago`, `2 d ago`, `3 y ago`; `in …` for the future. */
export function formatAgo(atMs: number, nowMs: number): string {
  const secs = Math.round((nowMs - atMs) / 1000);
  if (secs < -4) return `in ${oneUnit(-secs)}`;
  return secs < 5 ? "just now" : `${oneUnit(secs)} ago`;
}

function oneUnit(secs: number): string {
  if (secs < 60) return `${secs} s`;
  if (secs < 3600) return `${Math.floor(secs / 60)} min`;
  if (secs < 86_400) return `${Math.floor(secs / 3600)} h`;
  const days = Math.floor(secs / 86_400);
  return days < 730 ? `${formatCount(days)} d` : `${formatCount(Math.round(days / 365.25))} y`;
}

const pad = (value: number, length = 2): string => String(value).padStart(length, "0");

/** Clock time in the viewer's zone, `14:02:11`, with milliseconds when asked. */
export function formatClock(ms: number, millis = false): string {
  const d = new Date(ms);
  const text = `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
  return millis ? `${text}.${pad(d.getMilliseconds(), 3)}` : text;
}

/** Date in the viewer's zone, `21 Nov`; with the year when it is not this one. */
export function formatDay(ms: number, nowMs: number): string {
  const d = new Date(ms);
  const day = `${d.getDate()} ${d.toLocaleString("en", { month: "short" })}`;
  return d.getFullYear() === new Date(nowMs).getFullYear() ? day : `${day} ${d.getFullYear()}`;
}

/** Clock time, with the day before it when that is not today. */
export function formatMoment(ms: number, nowMs: number, millis = false): string {
  const today = new Date(ms).toDateString() === new Date(nowMs).toDateString();
  return today ? formatClock(ms, millis) : `${formatDay(ms, nowMs)} ${formatClock(ms, millis)}`;
}

/** Date and minute in the viewer's zone, `21 Nov 14:02`; beyond two months the day is enough: `21 Nov 2036`. */
export function formatDate(ms: number, nowMs: number): string {
  const day = formatDay(ms, nowMs);
  return Math.abs(ms - nowMs) > 60 * 86_400_000 ? day : `${day} ${formatClock(ms).slice(0, 5)}`;
}

/** The exact time for a hover: in the viewer's zone, then in UTC. `text` is the RFC 3339 time with all its digits. */
export function formatExact(text: string): string {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return text;
  const d = new Date(ms);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? "";
  const local = `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${formatClock(ms)}${fraction ? `.${fraction}` : ""}`;
  const utc = `${text.replace("T", " ").replace("Z", "")} UTC`;
  return `${local} UTC` === utc ? utc : `${local} ${zone}\n${utc}`;
}

/** Last part of a path: `/usr/bin/curl` → `curl`. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1) || path;
}

/** An RFC 3339 UTC time in ms since 1970 with its microseconds kept as a fraction: `Date.parse` drops them. NaN when it is none. */
export function exactMs(text: string): number {
  const match = /^([^.]+)(\.\d+)?Z$/.exec(text);
  return match ? Date.parse(`${match[1]}Z`) + Number(match[2] ?? 0) * 1000 : Date.parse(text);
}
