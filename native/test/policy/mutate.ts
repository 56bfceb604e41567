/** Damage to a plan that leaves it whole enough to be read on. */
import { crc32c } from "../../../src/core/crc32c.ts";
import { HEADER, HEADER_BYTES, LAYOUTS, SECTION_NAMES } from "../../../src/core/policy/plan/layout.ts";
import type { Dice } from "../../../test/harness/dice.ts";

const EDGES = [0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];
const HOOKS = SECTION_NAMES.indexOf("hooks");
const TEXT = SECTION_NAMES.indexOf("text");
/** Every system call, every function of a name like that: right, and more than an emulated machine can bear. */
const GENERATED = 0x30;
const HOOK_BYTES = LAYOUTS.hooks.size;
const HOOK_FLAGS = 4;

/** One word of four bytes, or one byte of text, is another afterwards. */
function change(view: DataView, dice: Dice): void {
  const section = (index: number): number => view.getUint32(HEADER.sections + 8 * index, true);
  const text = section(TEXT);
  const inText = dice.below(6) === 0 && text < view.byteLength;
  const from = dice.below(12) === 0 ? HEADER.sections : HEADER_BYTES;
  if (inText) return view.setUint8(text + dice.below(view.byteLength - text), dice.below(256));
  const words = (text - from) >> 2;
  if (words < 1) return;
  const at = from + 4 * dice.below(words);
  const old = view.getUint32(at, true);
  const values = [
    old ^ (1 << dice.below(32)),
    old + 1,
    old - 1,
    dice.below(40),
    EDGES[dice.below(EDGES.length)] ?? 0,
    view.getUint32(from + 4 * dice.below(words), true),
  ];
  view.setUint32(at, (values[dice.below(values.length)] ?? 0) >>> 0, true);
}

/** Up to four changes, in place. */
export function damage(bytes: Uint8Array, dice: Dice): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let n = 1 + dice.below(4); n > 0; n--) change(view, dice);
  const first = view.getUint32(HEADER.sections + 8 * HOOKS, true);
  const count = view.getUint32(HEADER.sections + 8 * HOOKS + 4, true);
  for (let i = 0; i < count; i++) {
    const at = first + HOOK_BYTES * i + HOOK_FLAGS;
    if (at + 4 > bytes.length) return;
    view.setUint32(at, (view.getUint32(at, true) & ~GENERATED) >>> 0, true);
  }
}

/** The bytes with a size and a checksum that fit. */
export function seal(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(HEADER.size, bytes.length, true);
  view.setUint32(HEADER.crc, crc32c(bytes, 0, HEADER_BYTES), true);
  return bytes;
}
