export interface TextRef {
  readonly offset: number;
  readonly length: number;
}

const NONE: TextRef = { offset: 0, length: 0 };
const encoder = new TextEncoder();

/** The text section being written: each text once, in the order of first use. */
export class TextPool {
  readonly #refs = new Map<string, TextRef>();
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  addText(text: string): TextRef {
    return this.addBytes(encoder.encode(text));
  }

  addBytes(bytes: Uint8Array): TextRef {
    if (bytes.length === 0) return NONE;
    let key = "";
    for (const byte of bytes) key += String.fromCharCode(byte);
    const known = this.#refs.get(key);
    if (known) return known;
    const ref = { offset: this.#size, length: bytes.length };
    this.#refs.set(key, ref);
    this.#parts.push(bytes);
    this.#size += bytes.length;
    return ref;
  }

  bytes(): Uint8Array {
    const out = new Uint8Array(this.#size);
    let at = 0;
    for (const part of this.#parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}
