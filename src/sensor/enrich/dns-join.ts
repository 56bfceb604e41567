import type { DnsSection } from "../../core/event/sections.ts";
import { plainAddress } from "../normalize/network.ts";
import { BoundedMap } from "./lru.ts";

const MAX_ANSWERS = 16_384;
/** Programs use an answer longer than it is meant to live; one minute at least, one hour at most. */
const MIN_TTL_US = 60_000_000;
const MAX_TTL_US = 3_600_000_000;

interface Answer {
  readonly name: string;
  readonly untilUs: number;
}

/** Which name an address was looked up by, per process and, failing that, on the host. */
export class DnsJoin {
  readonly #answers: BoundedMap<Answer>;

  constructor(max = MAX_ANSWERS) {
    this.#answers = new BoundedMap(max);
  }

  /** Remembers the addresses of an answer under the name that was asked for, not the alias it led to. */
  learn(pid: number | undefined, dns: DnsSection, nowUs: number): void {
    if (dns.query === "" || dns.malformed) return;
    for (const { type, data, ttl } of dns.answers) {
      if (type !== "A" && type !== "AAAA") continue;
      const untilUs = nowUs + Math.min(MAX_TTL_US, Math.max(MIN_TTL_US, ttl * 1_000_000));
      const answer = { name: dns.query.replace(/\.$/, ""), untilUs };
      const addr = plainAddress(data);
      this.#answers.set(`*|${addr}`, answer);
      if (pid !== undefined) this.#answers.set(`${pid}|${addr}`, answer);
    }
  }

  lookup(pid: number | undefined, addr: string | undefined, nowUs: number): string | undefined {
    if (addr === undefined) return undefined;
    for (const key of [`${pid ?? ""}|${addr}`, `*|${addr}`]) {
      const answer = this.#answers.get(key);
      if (answer && answer.untilUs >= nowUs) return answer.name;
    }
    return undefined;
  }
}
