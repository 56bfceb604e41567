import { readdirSync, readlinkSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { LIMITS } from "../../core/wire/limits.ts";
import type { ListeningService, TcpConnection } from "../../core/wire/inventory.ts";
import { defined } from "../normalize/fields.ts";
import { eachOf, listPids } from "./proc-pid.ts";
import { parseProcNet, type ProcSocket } from "./proc-net.ts";

/** Descriptors looked at in one pass: on a host with more, the rest is attributed in later passes. */
const MAX_LINKS_PER_PASS = 20_000;
/** Passes over which a socket that no process holds (the kernel's own, one that is ending) is not looked for again. */
const OWNERLESS_PASSES = 20;

/** What is known of a connection beyond the kernel's table. */
export interface ConnectionContext {
  readonly binary: (pid: number) => string | undefined;
  /** Whether a process can hold sockets at all. */
  readonly mayHold: (pid: number) => boolean;
  readonly began: (
    local: string,
    localPort: number,
    remote: string,
    remotePort: number,
  ) => { sinceUs: number; dnsHostname: string | undefined } | undefined;
}

/** Reads the kernel's socket tables and finds out whose the sockets are. Who owns an inode is remembered. */
export class SocketLister {
  #owners = new Map<string, number>();
  /** Sockets that nobody holds, and in which pass they are looked for again. */
  #ownerless = new Map<string, number>();
  #pass = 0;
  #turn = 0;

  async list(
    context: ConnectionContext,
    nowUs: number,
  ): Promise<{ connections: TcpConnection[]; listening: ListeningService[]; leftOut: number }> {
    const max = LIMITS.inventoryConnections;
    const tables = await Promise.all(
      ["tcp", "tcp6", "udp", "udp6"].map((t) => readFile(`/proc/net/${t}`, "utf8").catch(() => "")),
    );
    const [tcp, tcp6, udp, udp6] = tables.map((text) => parseProcNet(text, max));
    const sockets = [...tcp!.sockets, ...tcp6!.sockets];
    const datagrams = [...udp!.sockets, ...udp6!.sockets];
    let leftOut = [tcp, tcp6, udp, udp6].reduce((sum, t) => sum + t!.leftOut, 0);
    await this.#attribute([...sockets, ...datagrams], context.mayHold);
    const connections: TcpConnection[] = [];
    const listening: ListeningService[] = [];
    for (const s of sockets) {
      const full = s.state === "LISTEN" ? listening.length >= max : connections.length >= max;
      if (full) leftOut++;
      else if (s.state === "LISTEN") listening.push(this.#service("tcp", s, context));
      else connections.push(this.#connection(s, context, nowUs));
    }
    for (const s of datagrams) {
      if (s.remotePort !== 0) continue;
      if (listening.length >= max) leftOut++;
      else listening.push(this.#service("udp", s, context));
    }
    return { connections, listening, leftOut };
  }

  #service(protocol: "tcp" | "udp", s: ProcSocket, context: ConnectionContext): ListeningService {
    const pid = this.#owners.get(s.inode);
    const binary = pid === undefined ? undefined : context.binary(pid);
    return defined({ protocol, addr: s.localAddr, port: s.localPort, pid, binary, uid: s.uid });
  }

  #connection(s: ProcSocket, context: ConnectionContext, nowUs: number): TcpConnection {
    const pid = this.#owners.get(s.inode);
    const began = context.began(s.localAddr, s.localPort, s.remoteAddr, s.remotePort);
    return defined({
      local_addr: s.localAddr,
      local_port: s.localPort,
      remote_addr: s.remoteAddr,
      remote_port: s.remotePort,
      state: s.state,
      pid,
      binary: pid === undefined ? undefined : context.binary(pid),
      uid: s.uid,
      dns_hostname: began?.dnsHostname,
      duration_secs: began === undefined ? undefined : Math.max(0, Math.round((nowUs - began.sinceUs) / 1e6)),
    });
  }

  /** Looks for the owners of inodes that are new; stops when all are found or enough links were read. */
  async #attribute(sockets: readonly ProcSocket[], mayHold: (pid: number) => boolean): Promise<void> {
    const pass = ++this.#pass;
    const wanted = new Set(sockets.map((s) => s.inode).filter((inode) => inode !== "0"));
    for (const inode of this.#owners.keys()) if (!wanted.has(inode)) this.#owners.delete(inode);
    for (const [inode, again] of this.#ownerless)
      if (again <= pass || !wanted.has(inode)) this.#ownerless.delete(inode);
      else wanted.delete(inode);
    for (const inode of this.#owners.keys()) wanted.delete(inode);
    if (wanted.size === 0) return;
    // Who has connections makes the next ones; no more than half of all links, so that nobody is kept from his turn.
    let links = this.#search(new Set(this.#owners.values()), wanted, MAX_LINKS_PER_PASS / 2);
    if (wanted.size === 0) return;
    const pids = (await listPids()).filter(mayHold);
    // Begin where the last pass ended, so that a bound on links leaves nobody out for ever.
    const from = pids.length === 0 ? 0 : this.#turn % pids.length;
    let looked = 0;
    await eachOf([...pids.slice(from), ...pids.slice(0, from)], 1, (pid) => {
      if (wanted.size === 0 || links >= MAX_LINKS_PER_PASS) return;
      looked++;
      links += this.#search([pid], wanted, MAX_LINKS_PER_PASS - links);
    });
    this.#turn = from + looked;
    if (links < MAX_LINKS_PER_PASS) for (const inode of wanted) this.#ownerless.set(inode, pass + OWNERLESS_PASSES);
  }

  /** Looks for `wanted` among the descriptors of these processes, at most so many; tells how many it looked at. */
  #search(pids: Iterable<number>, wanted: Set<string>, most: number): number {
    let links = 0;
    for (const pid of pids)
      for (const name of descriptorsOf(pid)) {
        if (wanted.size === 0 || links >= most) return links;
        links++;
        const target = linkOf(`/proc/${pid}/fd/${name}`);
        // What one of them is kept from us, all are.
        if (target === undefined) break;
        const inode = target.startsWith("socket:[") ? target.slice(8, -1) : "";
        if (wanted.delete(inode)) this.#owners.set(inode, pid);
      }
    return links;
  }
}

/*
 * The kernel has it at hand, thousands are asked for, and each by way of another thread costs ten times as much.
 */

function descriptorsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
}

/** Where a descriptor leads: nowhere when it is closed by now; undefined when the process is not ours to look at. */
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "" : undefined;
  }
}
