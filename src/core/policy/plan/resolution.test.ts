import { describe, expect, test } from "bun:test";
import type { HookChoice } from "./choice.ts";
import { parseResolution, withResolution, type Resolution } from "./resolution.ts";

const NONE = { method: "none", stopsCall: false } as const;
const works: HookChoice = { hook: "f", kind: "kprobe", backend: "kprobe", status: "ok", enforcement: NONE };
const cannot: HookChoice = { hook: "f", kind: "kprobe", status: "rejected", reason: "cannot deny", enforcement: NONE };

function found(more: object): Resolution["hooks"][number] {
  const hook = { index: 0, line: 7, column: 5, state: "ok", mechanism: "kprobe", reason: "", ...more };
  return parseResolution({ tried: true, hooks: [hook] }).hooks[0]!;
}

describe("what the engine found", () => {
  test("beats the rules", () => {
    const missing = found({ state: "rejected", mechanism: "", reason: "no such function on this kernel: f" });
    expect(withResolution(works, works, missing)).toEqual({
      hook: "f",
      kind: "kprobe",
      status: "rejected",
      reason: "no such function on this kernel: f",
      enforcement: NONE,
    });
    expect(withResolution(works, works, found({ mechanism: "kprobe+sys_exit" })).backend).toBe("sys_exit");
    expect(withResolution(works, works, found({ state: "degraded", reason: "a loss" }))).toMatchObject({
      status: "degraded",
      reason: "a loss",
    });
    expect(withResolution(works, works, undefined)).toBe(works);
  });

  test("is not asked about monitor mode", () => {
    const missing = found({ state: "rejected", reason: "nothing here can deny f" });
    expect(withResolution(works, cannot, missing)).toBe(works);
    expect(withResolution(works, works, missing).status).toBe("rejected");
  });

  test("is refused when it is no answer", () => {
    expect(() => parseResolution({ tried: true, hooks: [{}] })).toThrow();
    expect(() => found({ state: "fine" })).toThrow();
  });
});
