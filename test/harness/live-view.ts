import type { LiveDown } from "../../src/core/api/events.ts";
import { ADMIN } from "./sensor-plane.ts";
import { until } from "./until.ts";

/** A browser that signed in by itself. */
export interface SignedIn {
  readonly cookie: string;
  readonly csrf: string;
}

/** Where a Console is reached and by which authority it is known. */
export interface Address {
  readonly origin: string;
  readonly caPem: string;
}

export async function signIn({ origin, caPem }: Address): Promise<SignedIn> {
  const response = await fetch(`${origin}/api/v1/auth/login`, {
    method: "POST",
    tls: { ca: caPem },
    // A connection of its own: which worker answers is left to the kernel.
    keepalive: false,
    headers: { "content-type": "application/json", origin },
    body: JSON.stringify({ email: ADMIN.email, password: ADMIN.password }),
  });
  if (!response.ok) throw new Error(await response.text());
  const { csrf_token: csrf } = (await response.json()) as { csrf_token: string };
  return { cookie: response.headers.getSetCookie()[0]!.split(";")[0]!, csrf };
}

/** A live view in a browser; every frame is kept. */
export class LiveView {
  readonly frames: LiveDown[] = [];
  closed: number | undefined;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.frames.push(JSON.parse(data as string) as LiveDown);
    socket.onclose = ({ code }) => (this.closed = code);
    socket.onerror = () => {};
  }

  static async open({ origin, caPem }: Address, { cookie }: SignedIn): Promise<LiveView> {
    const options = { headers: { cookie, origin }, tls: { ca: caPem } } as never;
    const view = new LiveView(new WebSocket(`${origin.replace("https", "wss")}/api/v1/live`, options));
    await until(() => view.frames.some((frame) => frame.type === "ready") || view.closed !== undefined);
    return view;
  }

  subscribe(filter: object = {}, rate = 1_000): void {
    this.#socket.send(JSON.stringify({ type: "subscribe", filter, rate }));
  }

  /** Messages of the events that were shown. */
  get messages(): string[] {
    return this.frames.flatMap((f) => (f.type === "events" ? f.events.map((e) => e.message) : []));
  }

  /** Changes of sensors that were shown. */
  get changes(): string[] {
    return this.frames.flatMap((f) => (f.type === "sensor" ? [`${f.sensor_id} ${f.change}`] : []));
  }

  close(): void {
    this.#socket.close();
  }
}
