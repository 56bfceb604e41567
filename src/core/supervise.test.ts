import { describe, expect, test } from "bun:test";
import { ManualClock, systemClock } from "./clock.ts";
import { silentLog } from "./log.ts";
import { Supervisor, type ChildSpec, type ChildState } from "./supervise.ts";

/** Collects states and lets a test wait for one. */
function watch(): {
  onState: (s: ChildState) => void;
  until: (test: (s: ChildState) => boolean) => Promise<ChildState>;
} {
  const seen: ChildState[] = [];
  let wake: () => void = () => {};
  return {
    onState: (s) => {
      seen.push(s);
      wake();
    },
    until: async (wanted) => {
      for (;;) {
        const found = seen.findIndex(wanted);
        if (found >= 0) return seen.splice(0, found + 1).at(-1)!;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

function supervise(
  spec: Partial<ChildSpec> & Pick<ChildSpec, "command">,
  clock: ManualClock | typeof systemClock = systemClock,
) {
  const states = watch();
  const controller = new AbortController();
  const supervisor = new Supervisor(
    { name: "child", backoffMinMs: 1, onState: states.onState, ...spec },
    clock,
    silentLog,
  );
  const done = supervisor.run(controller.signal);
  return { supervisor, ...states, stop: () => (controller.abort(), done) };
}

describe("Supervisor", () => {
  test("starts a child again after kill -9, and ends it on abort", async () => {
    const child = supervise({ command: ["sleep", "1000"] });
    const first = await child.until((s) => s.status === "running");
    process.kill(first.pid!, "SIGKILL");
    const fallen = await child.until((s) => s.status === "backoff");
    expect(fallen.reason).toContain("SIGKILL");
    const second = await child.until((s) => s.status === "running");
    expect(second.pid).not.toBe(first.pid!);
    expect(second.restarts).toBe(1);
    await child.stop();
    expect(child.supervisor.state.status).toBe("stopped");
    expect(() => process.kill(second.pid!, 0)).toThrow();
  });

  test("says why a command could not be started", async () => {
    const child = supervise({ command: ["/nonexistent/program"] });
    const state = await child.until((s) => s.status === "backoff");
    expect(state.reason).toContain("could not start");
    await child.stop();
  });

  test("a child that does not become ready is stopped and tried again", async () => {
    let tries = 0;
    const child = supervise({
      command: ["sleep", "1000"],
      ready: async () => {
        if (++tries === 1) throw new Error("not yet");
      },
    });
    expect((await child.until((s) => s.status === "backoff")).reason).toContain("not yet");
    await child.until((s) => s.status === "running");
    await child.stop();
  });

  test("a child that ignores SIGTERM is killed after its time", async () => {
    const clock = new ManualClock();
    const lines: string[] = [];
    let heard: () => void = () => {};
    const listening = new Promise<void>((resolve) => (heard = resolve));
    const child = supervise(
      {
        command: ["bash", "-c", 'trap "" TERM; echo up; while :; do read -t 1 < /dev/zero; done'],
        stopTimeoutMs: 5_000,
        onLine: (l) => (lines.push(l), heard()),
      },
      clock,
    );
    const { pid } = await child.until((s) => s.status === "running");
    await listening;
    const stopped = child.stop();
    while (clock.sleeping === 0) await Bun.sleep(0);
    await clock.advance(5_000);
    await stopped;
    expect(lines).toEqual(["up"]);
    expect(() => process.kill(pid!, 0)).toThrow();
  });

  test("lines come whole, whatever the chunks", async () => {
    const lines: string[] = [];
    const child = supervise({
      command: ["bash", "-c", "printf 'a\\nb'; printf 'c\\nd\\n'; sleep 1000"],
      onLine: (l) => void lines.push(l),
    });
    await child.until((s) => s.status === "running");
    while (lines.length < 3) await Bun.sleep(0);
    await child.stop();
    expect(lines).toEqual(["a", "bc", "d"]);
  });
});
