import { describe, expect, test } from "bun:test";
import { Enricher } from "../enrich/enrich.ts";
import { PodNames } from "../enrich/pod-names.ts";
import type { EventDraft } from "../normalize/draft.ts";
import type { KnownPolicies } from "../policy/known.ts";
import { hook, line, parent, proc, sock } from "../../../test/harness/sample-lines.ts";
import { testPolicy } from "../../../test/harness/packs.ts";
import { Pipeline } from "./pipeline.ts";
import { START } from "./position.ts";

const POLICIES: KnownPolicies = new Map(
  [
    testPolicy("starts", { kind: "process_exec", severity: "info" }),
    testPolicy("goes", { kind: "network_connect" }),
  ].map((policy) => [policy.name, { ...policy, pack: "p" }]),
);

/** A pipeline, with what it told of as flows. */
function pipeline(): { take: (text: string) => EventDraft[]; flows: EventDraft[]; enricher: Enricher; made: Pipeline } {
  const flows: EventDraft[] = [];
  const enricher = new Enricher(new PodNames());
  const made = new Pipeline(enricher, START, { onEvent: (draft) => void flows.push(draft) }, POLICIES);
  let seq = 0;
  const take = (text: string): EventDraft[] => {
    const value = JSON.parse(text) as { telovix: object };
    return made.line(JSON.stringify({ ...value, telovix: { ...value.telovix, seq: String(++seq) } }));
  };
  return { take, flows, enricher, made };
}

describe("what a policy tells", () => {
  test("is folded into no burst, however often it comes", () => {
    const { take, made } = pipeline();
    const text = hook("starts", "sys_execve", [], { message: "Started" });
    const told = Array.from({ length: 20 }, () => take(text)).flat();
    expect(told.map((draft) => draft.kind)).toEqual(Array.from({ length: 20 }, () => "process_exec"));
    expect(made.counters.events_folded).toBe(0);
    const exec = line({ process_exec: { process: proc(), parent } });
    expect(Array.from({ length: 20 }, () => take(exec)).flat().length).toBeLessThan(20);
  });

  test("is no second flow, and no connection to be followed", () => {
    const { take, flows, enricher } = pipeline();
    take(hook("telovix-network-baseline", "tcp_connect", [sock()]));
    take(hook("goes", "tcp_connect", [{ ...sock({ dport: 4444 }), label: "socket" }], { message: "Went out" }));
    expect(flows.map((draft) => draft.network?.remote_port)).toEqual([443]);
    const ends = {
      family: "inet",
      protocol: "tcp",
      local_addr: "10.0.0.2",
      local_port: 40000,
      remote_addr: "1.1.1.1",
    } as const;
    expect(enricher.connections.since({ ...ends, remote_port: 443 })).toBeDefined();
    expect(enricher.connections.since({ ...ends, remote_port: 4444 })).toBeUndefined();
  });

  test("has its process's ancestry all the same, and ends no other", () => {
    const { take, enricher } = pipeline();
    take(line({ process_exec: { process: proc(), parent } }));
    const [draft] = take(hook("starts", "sys_execve", [], { message: "Started" }, {}, proc({ exec_id: "bmV3" })));
    expect(draft?.process?.ancestors.map((a) => a.binary)).toEqual(["/usr/bin/bash"]);
    // Long after any grace of one that had been replaced.
    enricher.processes.end("another", draft!.observed_at_us + 3_600_000_000);
    expect(enricher.processes.find("Yw==")).toBeDefined();
  });
});
