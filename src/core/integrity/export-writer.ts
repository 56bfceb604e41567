import type { ExportEnd, ExportLine } from "./export-format.ts";

type Body = Exclude<ExportLine, ExportEnd>;

/** Writes the lines of an export and, at last, its end. */
export class ExportWriter {
  readonly #hash = new Bun.CryptoHasher("sha256");
  #chains = 0;
  #links = 0;
  #events = 0;

  /** The text of a line, with its newline. */
  line(line: Body): string {
    if (line.type === "chain") this.#chains++;
    else if (line.type === "link") this.#links++;
    else if (line.type === "event") this.#events++;
    const text = `${JSON.stringify(line)}\n`;
    this.#hash.update(text);
    return text;
  }

  end(): string {
    const end: ExportEnd = {
      type: "end",
      chains: this.#chains,
      links: this.#links,
      events: this.#events,
      sha256: this.#hash.digest("hex"),
    };
    return `${JSON.stringify(end)}\n`;
  }
}
