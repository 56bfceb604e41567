import type { LiveDown } from "../../core/api/events.ts";
import type { Histogram } from "../fleet/histogram.ts";
import type { TestBed } from "./bed.ts";

/**
 * A browser's live view of what is urgent; each event's age when it comes is added to `ages`: from when it happened on its node, the
 * simulated sensor's tick of half a second and all.
 */
export async function watchAlerts(bed: TestBed, ages: Histogram): Promise<{ seen: () => number; close: () => void }> {
  // Bun's second argument; the browser's type, which is in scope too, knows only protocols.
  const options = { headers: { cookie: bed.cookie, origin: bed.url }, tls: { rejectUnauthorized: false } };
  const socket = new WebSocket(`${bed.url.replace("https", "wss")}/api/v1/live`, options as unknown as string[]);
  const ready = Promise.withResolvers<void>();
  let seen = 0;
  socket.onopen = () =>
    socket.send(JSON.stringify({ type: "subscribe", filter: { severity: ["high", "critical"] }, rate: 1000 }));
  socket.onerror = () => ready.reject(new Error("the live view could not be opened"));
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(String(data)) as LiveDown;
    if (frame.type === "ready") ready.resolve();
    if (frame.type !== "events") return;
    for (const event of frame.events) {
      seen++;
      ages.add(Date.now() - Date.parse(event.observed_at));
    }
  };
  await ready.promise;
  return { seen: () => seen, close: () => socket.close() };
}
