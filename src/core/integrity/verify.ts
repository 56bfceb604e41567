import { compile } from "../check.ts";
import { ExportLine, type ExportEvent, type ExportHeader } from "./export-format.ts";
import { ExportFault, type VerifyReport } from "./report.ts";
import { keyId } from "./root.ts";
import { ChainVerifier, type ChainFacts } from "./verify-chain.ts";
import { verifyRoots } from "./verify-roots.ts";

const checker = compile(ExportLine);

/** What a header says of time; throws ExportFault when that can't be. */
function timesOf({ kept_from, exported_at }: ExportHeader): Omit<ChainFacts, "roots"> {
  const [keptFromMs, exportedMs] = [Date.parse(kept_from), Date.parse(exported_at)];
  if (!(keptFromMs <= exportedMs))
    throw new ExportFault(1, "the header does not say from when on events are kept, or a time after the export");
  return { keptFromUs: keptFromMs * 1000, exportedMs };
}

/**
 * Verifies an export line by line, holding no more of it than one block's hashes. `line` and `finish` throw ExportFault at the first
 * thing that does not fit.
 */
export class ExportVerifier {
  readonly #trustedPem: string | undefined;
  readonly #hash = new Bun.CryptoHasher("sha256");
  #line = 0;
  #header: ExportHeader | undefined;
  #facts: ChainFacts | undefined;
  #chain: ChainVerifier | undefined;
  readonly #chains: ChainVerifier[] = [];
  #links = 0;
  /** Lines of events, and how many of them are late ones. */
  #events = 0;
  #late = 0;
  #ended = false;
  #firstUs: number | undefined;
  #lastUs: number | undefined;

  /** `trustedPem`: the only key that counts (SPKI, PEM); without it, those the file itself names. */
  constructor(trustedPem?: string) {
    this.#trustedPem = trustedPem;
  }

  /** Takes the next line, without its newline. */
  async line(text: string): Promise<void> {
    const at = ++this.#line;
    if (this.#ended) throw new ExportFault(at, "something stands behind the end");
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new ExportFault(at, "the line is not JSON: the file was changed or cut off here");
    }
    if (!checker.is(value)) throw new ExportFault(at, "the line is none of an export");
    if ((value.type === "header") !== (at === 1))
      throw new ExportFault(at, at === 1 ? "the file does not begin with an export's header" : "a second header");
    switch (value.type) {
      case "header":
        this.#header = value;
        this.#facts = { ...timesOf(value), roots: await verifyRoots(value, this.#trustedPem) };
        break;
      case "chain":
        this.#chain?.end(at);
        this.#chain = new ChainVerifier(this.#header!.sensor_id, value.epoch, value.previous, this.#facts!);
        this.#chains.push(this.#chain);
        break;
      case "link":
        this.#links++;
        this.#open(at).link(at, value);
        break;
      case "event":
        this.#events++;
        this.#late += value.late ? 1 : 0;
        this.#event(at, value);
        break;
      case "proof":
        this.#open(at).proof(at, value);
        break;
      case "end":
        this.#chain?.end(at);
        if (value.chains !== this.#chains.length || value.links !== this.#links || value.events !== this.#events)
          throw new ExportFault(at, "the file holds other lines than its end counts");
        if (value.sha256 !== this.#hash.digest("hex"))
          throw new ExportFault(at, "the file was changed: its bytes are not those its end stands over");
        this.#ended = true;
        return;
    }
    this.#hash.update(`${text}\n`);
  }

  /** Everything was given. */
  finish(): VerifyReport {
    if (!this.#header) throw new ExportFault(1, "the file is empty");
    if (!this.#ended) throw new ExportFault(this.#line + 1, "the file is cut off: its end is missing");
    const header = this.#header;
    const chains = this.#chains.map((chain) => chain.report());
    const unproven = chains.reduce((sum, chain) => sum + chain.unproven, 0);
    return {
      tenantId: header.tenant_id,
      sensorId: header.sensor_id,
      nodeName: header.node_name,
      firstUs: this.#firstUs,
      lastUs: this.#lastUs,
      keptFrom: header.kept_from,
      events: this.#events - this.#late - unproven,
      late: this.#late,
      unproven,
      missing: chains.reduce((sum, { missing }) => sum + missing.reduce((n, { count }) => n + count, 0), 0),
      chains,
      roots: header.roots.map(({ hour, signed_at, key_id }) => ({ hour, signedAt: signed_at, keyId: key_id })),
      keyIds: this.#trustedPem === undefined ? header.keys.map(({ key_id }) => key_id) : [keyId(this.#trustedPem)],
      keyGiven: this.#trustedPem !== undefined,
    };
  }

  #open(at: number): ChainVerifier {
    if (!this.#chain) throw new ExportFault(at, "a block stands before any sequence");
    return this.#chain;
  }

  #event(at: number, line: ExportEvent): void {
    const us = timeOf(at, line);
    const proven = this.#open(at).event(at, line, us);
    if (!proven || us === undefined) return;
    this.#firstUs = Math.min(this.#firstUs ?? us, us);
    this.#lastUs = Math.max(this.#lastUs ?? us, us);
  }
}

/** What an event says of its time, microseconds since 1970; of its number it must say what its line says. */
function timeOf(at: number, { seq, event: text }: ExportEvent): number | undefined {
  let event: { seq?: unknown; observed_at_us?: unknown } | null;
  try {
    event = JSON.parse(text) as typeof event;
  } catch {
    throw new ExportFault(at, `event ${seq} is not JSON`, { seq });
  }
  if (event?.seq !== seq) throw new ExportFault(at, `event ${seq} says another number of itself`, { seq });
  const us = event.observed_at_us;
  return typeof us === "number" ? us : undefined;
}
