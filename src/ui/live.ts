import { signal } from "@preact/signals";
import type { EventFilter, EventRow, LiveDown, LiveUp } from "../core/api/events.ts";

/** `off`: nobody listens; `lost`: trying again. */
export type LiveState = "off" | "connecting" | "live" | "lost";
export type SensorNews = Extract<LiveDown, { type: "sensor" }>;

export const liveState = signal<LiveState>("off");
/** Chosen by the person: nothing new is shown until resumed. */
export const paused = signal(false);
/** Since when it is, ms since 1970. */
export const pausedAtMs = signal(0);
/** When the stream was last heard, ms since 1970. */
export const lastHeardMs = signal(0);

const RETRY_MIN_MS = 1000;
const RETRY_MAX_MS = 30_000;
const RATE_PER_SEC = 100;

const eventListeners = new Set<(events: readonly EventRow[], sampledOut: number) => void>();
const sensorListeners = new Set<(news: SensorNews) => void>();
let socket: WebSocket | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let attempts = 0;
let wanted = false;
/** Undefined while no page shows events: the stream of events is then paused, news of sensors go on. */
let filter: EventFilter | undefined;

function send(message: LiveUp): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

/** Matches no event: in force when no page shows events, so that none are counted as passed over meanwhile. */
const NOTHING: EventFilter = { exec_id: "-" };
let subscribed = false;

function tellSubscription(): void {
  if (!filter && subscribed) send({ type: "subscribe", filter: NOTHING, rate: 1 });
  subscribed = filter !== undefined;
  if (filter) send({ type: "subscribe", filter, rate: RATE_PER_SEC });
  send({ type: filter && !paused.peek() ? "resume" : "pause" });
}

/** How long to wait before the n-th attempt: doubling, with up to a quarter of chance; pure but for `random`. */
export function retryDelayMs(attempt: number, random = Math.random()): number {
  const base = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** attempt);
  return Math.round(base * (1 - random / 4));
}

function onMessage(text: unknown): void {
  if (typeof text !== "string") return;
  let message: LiveDown;
  try {
    message = JSON.parse(text) as LiveDown;
  } catch {
    return;
  }
  lastHeardMs.value = Date.now();
  switch (message.type) {
    case "ready":
      liveState.value = "live";
      attempts = 0;
      break;
    case "events":
      for (const listener of eventListeners) listener(message.events, message.sampled_out);
      break;
    case "sensor":
      for (const listener of sensorListeners) listener(message);
      break;
    case "error":
      break;
  }
}

function connect(): void {
  clearTimeout(retry);
  liveState.value = attempts === 0 ? "connecting" : "lost";
  const url = new URL("/api/v1/live", window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const mine = new WebSocket(url);
  socket = mine;
  mine.addEventListener("open", () => {
    tellSubscription();
    liveState.value = "live";
    attempts = 0;
  });
  mine.addEventListener("message", (event) => onMessage(event.data));
  mine.addEventListener("close", () => {
    if (socket !== mine || !wanted) return;
    liveState.value = "lost";
    retry = setTimeout(connect, retryDelayMs(attempts++));
  });
}

/** Opens the one socket of the page; returns how to close it. */
export function startLive(): () => void {
  wanted = true;
  attempts = 0;
  connect();
  return () => {
    wanted = false;
    clearTimeout(retry);
    socket?.close();
    socket = undefined;
    liveState.value = "off";
  };
}

/** Asks for the events of a filter from now on, in place of the former one; for none when undefined. */
export function subscribeEvents(next: EventFilter | undefined): void {
  filter = next;
  tellSubscription();
}

/** Stops or goes on with the stream of events; news of sensors keep coming. */
export function setPaused(value: boolean): void {
  if (value && !paused.peek()) pausedAtMs.value = Date.now();
  paused.value = value;
  tellSubscription();
}

/** Hears events; returns how to stop hearing. */
export function onLiveEvents(listener: (events: readonly EventRow[], sampledOut: number) => void): () => void {
  eventListeners.add(listener);
  return () => eventListeners.delete(listener);
}

/** Hears news of sensors; returns how to stop hearing. */
export function onSensorNews(listener: (news: SensorNews) => void): () => void {
  sensorListeners.add(listener);
  return () => sensorListeners.delete(listener);
}
