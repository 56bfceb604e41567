import type { Dice } from "./dice.ts";

/** Values no field expects, and every decoder must survive. */
const STRANGE: readonly (() => unknown)[] = [
  () => null,
  () => -1,
  () => 2 ** 53,
  () => -(2 ** 63),
  () => 1e308,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => "",
  () => "\0\ud800",
  () => "x".repeat(70_000),
  () => [],
  () => ({}),
  () => ({ ["__proto__x"]: 1, constructor: { prototype: 1 } }),
  () => Array.from({ length: 300 }, () => ({})),
  () => new Uint8Array(300),
  () => true,
  () => Array.from({ length: 40 }).reduce<unknown>((inner) => [inner], 1),
];

/** Damages bytes as wires, disks and liars do; the same for the same dice. */
export function mutateBytes(bytes: Uint8Array, dice: Dice): Uint8Array<ArrayBuffer> {
  let out = Uint8Array.from(bytes);
  for (let times = 1 + dice.below(4); times > 0; times--) {
    const at = dice.below(out.length + 1);
    switch (dice.below(6)) {
      case 0: // A bit.
        if (at < out.length) out[at] = out[at]! ^ (1 << dice.below(8));
        break;
      case 1: // A byte that means much.
        if (at < out.length) out[at] = dice.pick([0x00, 0x7f, 0x80, 0xc1, 0xc6, 0xd9, 0xdb, 0xdd, 0xdf, 0xff]);
        break;
      case 2: // The end is missing.
        out = out.slice(0, at);
        break;
      case 3: // A piece twice.
        out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(dice.below(at + 1))]);
        break;
      case 4: // Something in between.
        out = Uint8Array.from([
          ...out.subarray(0, at),
          ...Array.from({ length: 1 + dice.below(20) }, () => dice.below(256)),
          ...out.subarray(at),
        ]);
        break;
      default: // A length of its own.
        for (let i = 0; i < 4 && at + i < out.length; i++) out[at + i] = 0xff;
    }
  }
  return out;
}

/** Replaces, removes or adds fields anywhere in a copy of a value. */
export function mutateValue(value: unknown, dice: Dice): unknown {
  const copy = structuredClone(value);
  const places: { holder: Record<string, unknown>; key: string }[] = [];
  const walk = (at: unknown): void => {
    if (typeof at !== "object" || at === null || at instanceof Uint8Array) return;
    for (const key of Object.keys(at)) {
      places.push({ holder: at as Record<string, unknown>, key });
      walk((at as Record<string, unknown>)[key]);
    }
  };
  walk(copy);
  if (places.length === 0) return dice.pick(STRANGE)();
  for (let times = 1 + dice.below(3); times > 0; times--) {
    const { holder, key } = dice.pick(places);
    switch (dice.below(4)) {
      case 0:
        delete holder[key];
        break;
      case 1:
        holder[`${key}x`] = dice.pick(STRANGE)();
        break;
      default:
        holder[key] = dice.pick(STRANGE)();
    }
  }
  return copy;
}
