import { Type } from "typebox";
import { compile } from "../../core/check.ts";
import { randomHex } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import { Uuid } from "../../core/wire/common.ts";
import type { Db } from "../stores/contract.ts";
import { LocalTrustBus, type TrustBus, type TrustNews } from "./bus.ts";

const CHANNEL = "telovix_trust";
/** PostgreSQL carries 8,000 bytes a message: so many serials, then the rest in another. */
const SERIALS_PER_MESSAGE = 100;

const message = compile(
  Type.Object({
    from: Type.String({ pattern: "^[0-9a-f]{16}$" }),
    news: Type.Union([
      Type.Object({ kind: Type.Literal("cut"), sensorId: Uuid }),
      Type.Object({
        kind: Type.Union([Type.Literal("certificates"), Type.Literal("changed")]),
        serials: Type.Array(Type.String({ pattern: "^[0-9a-f]{1,64}$" }), { maxItems: SERIALS_PER_MESSAGE }),
      }),
      Type.Object({ kind: Type.Literal("authorities") }),
      Type.Object({ kind: Type.Literal("resync") }),
    ]),
  }),
);

/** A TrustBus over PostgreSQL's NOTIFY: every worker and replica on the same database hears it. */
export class PostgresTrustBus implements TrustBus, Service {
  readonly name = "trust bus";
  readonly #local = new LocalTrustBus();
  readonly #db: Db;
  readonly #log: Log;
  readonly #id = randomHex(8);
  readonly #count: (by: number, labels: { direction: "in" | "out" | "failed" }) => void;
  readonly #sending = new Set<Promise<void>>();
  #ups = 0;

  constructor(deps: { db: Db; log: Log; metrics: Metrics }) {
    this.#db = deps.db;
    this.#log = deps.log.child("trust");
    this.#count = deps.metrics.counter("telovix_console_trust_news_total", "News of trust between Console processes.");
  }

  /** True once this process hears the others. */
  get listening(): boolean {
    return this.#ups > 0;
  }

  publish(news: TrustNews): void {
    this.#local.publish(news);
    const parts: TrustNews[] =
      news.kind === "certificates" || news.kind === "changed"
        ? Array.from({ length: Math.ceil(news.serials.length / SERIALS_PER_MESSAGE) }, (_, i) => ({
            kind: news.kind,
            serials: news.serials.slice(i * SERIALS_PER_MESSAGE, (i + 1) * SERIALS_PER_MESSAGE),
          }))
        : [news];
    for (const part of parts) {
      const sent = this.#send(part).finally(() => this.#sending.delete(sent));
      this.#sending.add(sent);
    }
  }

  subscribe(take: (news: TrustNews) => void): () => void {
    return this.#local.subscribe(take);
  }

  async run(signal: AbortSignal): Promise<void> {
    const stop = this.#db.listen(
      CHANNEL,
      (payload) => this.#receive(payload),
      () => {
        // Before it, and between two connections, news may have gone by.
        this.#ups++;
        this.#local.publish({ kind: "resync" });
      },
    );
    await new Promise<void>((resolve) =>
      signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true }),
    );
    await Promise.all(this.#sending);
    await stop();
  }

  #receive(payload: string): void {
    let value: unknown;
    try {
      value = JSON.parse(payload);
    } catch {
      return;
    }
    // Whoever can speak on this channel can write to the tables too; a message of a newer version is passed over.
    if (!message.is(value) || value.from === this.#id) return;
    this.#count(1, { direction: "in" });
    this.#local.publish(value.news);
  }

  async #send(news: TrustNews): Promise<void> {
    const payload = JSON.stringify({ from: this.#id, news });
    try {
      await this.#db.system((tx) => tx`SELECT pg_notify(${CHANNEL}, ${payload})`);
      this.#count(1, { direction: "out" });
    } catch (error) {
      // The others find out when what they have cached ends: 10 s for requests, 30 s for open streams.
      this.#count(1, { direction: "failed" });
      this.#log.warn("news of trust could not be told to the other Consoles; they see it later", { error });
    }
  }
}
