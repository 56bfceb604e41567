import type { Workload } from "../../core/event/workload.ts";
import { clip } from "../normalize/fields.ts";
import type { EventDraft } from "../normalize/draft.ts";
import type { Normalized } from "../normalize/normalize.ts";
import { ConnectionJoin } from "./connections.ts";
import { DnsJoin } from "./dns-join.ts";
import { BoundedMap } from "./lru.ts";
import type { PodNames } from "./pod-names.ts";
import { ancestorsOf, ProcessTable, type Processes } from "./process-table.ts";
import { workloadOf } from "./workload.ts";

/** Completes events with what only their context tells: ancestry, workload, names. Everything it remembers is bounded. */
export class Enricher {
  /** May be replaced by another way of remembering them, before the first line. */
  processes: Processes;
  /** Told what each cgroup says that it is asked about. */
  onWorkload: ((cgroup: string, workload: Workload | undefined) => void) | undefined;
  readonly dns = new DnsJoin();
  readonly connections = new ConnectionJoin();
  readonly #pods: PodNames;
  readonly #workloads = new BoundedMap<Workload | undefined>(1024);

  constructor(pods: PodNames, processes: Processes = new ProcessTable()) {
    this.#pods = pods;
    this.processes = processes;
  }

  /** Changes when workloads may be called otherwise than before. */
  get podsVersion(): number {
    return this.#pods.version;
  }

  /** A process that was there before the engine. */
  preload({ seen, parent }: Extract<Normalized, { type: "preload" }>): void {
    this.processes.add(seen, parent);
  }

  event({ draft, seen, parent, fromPolicy = false }: Extract<Normalized, { type: "event" }>): EventDraft {
    if (!seen) return draft;
    const begins = draft.kind === "process_exec" || draft.kind === "exec_memfd" || draft.kind === "process_fork";
    const whole = begins && !fromPolicy;
    if (whole || !this.processes.find(seen.process.exec_id)) this.processes.add(seen, parent);
    if (whole) this.processes.replaced(seen, draft.observed_at_us);
    const known = this.processes.find(seen.process.exec_id);
    const process = draft.process ?? seen.process;
    const parentExecId = process.parent_exec_id ?? known?.parentExecId;
    const ancestors = ancestorsOf(this.processes, parentExecId);
    const workload = this.#workload(seen.cgroup ?? known?.cgroup, seen.docker ?? known?.docker);
    const network = this.#network(draft, fromPolicy);
    if (draft.kind === "process_exit") this.processes.end(process.exec_id, draft.observed_at_us);
    const parentBinary = ancestors[0]?.binary ?? parent?.ancestor.binary;
    // What is not known is absent, not undefined.
    return {
      ...draft,
      process: {
        ...process,
        ...(parentExecId === undefined ? undefined : { parent_exec_id: parentExecId }),
        ...(parentBinary === undefined ? undefined : { parent_binary: parentBinary }),
        ancestors: ancestors.length > 0 ? ancestors : parent ? [parent.ancestor] : [],
      },
      ...(workload === undefined ? undefined : { workload }),
      ...(network === undefined ? undefined : { network }),
    };
  }

  #workload(cgroup: string | undefined, docker: string | undefined): Workload | undefined {
    if (cgroup === undefined) return undefined;
    let workload = this.#workloads.get(cgroup);
    if (!workload && (workload = workloadOf(cgroup, docker))) this.#workloads.set(cgroup, workload);
    const whole = workload && this.#pods.complete(workload);
    this.onWorkload?.(cgroup, whole);
    return whole;
  }

  #network(draft: EventDraft, fromPolicy: boolean): EventDraft["network"] {
    const { network, dns, observed_at_us: nowUs, process } = draft;
    if (dns && draft.kind === "dns_response" && !fromPolicy) this.dns.learn(process?.pid, dns, nowUs);
    if (!network || dns) return network;
    const name = this.dns.lookup(process?.pid, network.remote_addr, nowUs);
    const named = name === undefined ? network : { ...network, dns_hostname: clip(name, 255) };
    // Connections are followed by what the engine's own sensors tell: a policy need not know both ends.
    if (fromPolicy) return named;
    if (draft.kind === "network_close") return this.connections.closed(named, nowUs);
    if (draft.kind === "network_connect" || draft.kind === "network_accept") this.connections.opened(named, nowUs);
    return named;
  }
}
