import { objectOf, type Json } from "./fields.ts";
import { readParent, readProcess, type SeenProcess } from "./process.ts";

/** A line about a hook begins like this; who it is about is most of it, and the same in line after line. */
const HEAD =
  /^\{"(process_kprobe|process_tracepoint|process_lsm)":\{("process":\{"exec_id":"[^"\\]{1,400}","pid":\d{1,10},"tid":\d{1,10}),/;
/** Ends what is about the process. Inside a text its quotation marks would be escaped. */
const REST = ',"function_name":';
const END = `}${REST}`;
const MAX_REMEMBERED = 256;

/** Who a line is about, read once. */
export interface KnownProcess {
  readonly seen: SeenProcess | undefined;
  readonly parent: ReturnType<typeof readParent>;
}

interface Remembered extends KnownProcess {
  /** The very text of process and parent. */
  readonly text: string;
  readonly process: unknown;
  readonly parentJson: unknown;
}

/**
 * Parses lines, and remembers the texts of processes that come again: four fifths of a line need not be parsed then. What it gives is
 * what JSON.parse would give.
 */
export class LineMemory {
  /** By the beginning of a process's text; null: seen once. */
  #known = new Map<string, Remembered | null>();

  /** The line as JSON; throws SyntaxError when it is none. */
  parse(text: string): { readonly value: unknown; readonly known: KnownProcess | undefined } {
    const head = HEAD.exec(text);
    if (!head) return { value: JSON.parse(text), known: undefined };
    const [, event = "", key = ""] = head;
    const at = event.length + 5;
    const known = this.#known.get(key);
    if (known && text.startsWith(known.text, at) && text.startsWith(REST, at + known.text.length)) {
      const rest = text.slice(at + known.text.length + 1);
      const value = JSON.parse(`{"${event}":{${rest}`) as Record<string, unknown>;
      const body = objectOf(value[event]) as Record<string, unknown>;
      // Said a second time, or the whole body: only a line that is made up does.
      if (Object.hasOwn(body, "function_name") && !Object.hasOwn(body, "process") && !Object.hasOwn(body, "parent")) {
        body["process"] = known.process;
        if (known.parentJson !== undefined) body["parent"] = known.parentJson;
        return { value, known };
      }
    }
    const value: unknown = JSON.parse(text);
    if (known !== undefined) this.#remember(key, text, at);
    else this.#put(key, null);
    return { value, known: undefined };
  }

  /** Reads process and parent from the line's own text, which is valid JSON. */
  #remember(key: string, text: string, at: number): void {
    const end = text.indexOf(END, at);
    if (end < 0) return;
    const own = text.slice(at, end + 1);
    let about: Json;
    try {
      about = objectOf(JSON.parse(`{${own}}`));
    } catch {
      return; // The end was that of something inside.
    }
    const { process, parent, ...more } = about;
    if (process === undefined || Object.keys(more).length > 0) return;
    const known = { seen: readProcess(process), parent: readParent(parent) };
    this.#put(key, { text: own, process, parentJson: parent, ...known });
  }

  #put(key: string, known: Remembered | null): void {
    this.#known.set(key, known);
    // Rarely, and all at once: who is at work is known again two lines later.
    if (this.#known.size > MAX_REMEMBERED) this.#known = new Map();
  }
}
