import { describe, expect, test } from "bun:test";
import { createServer, connect, type Server } from "node:net";
import { compile } from "../../core/check.ts";
import { ManualClock, systemClock } from "../../core/clock.ts";
import { Inventory } from "../../core/wire/inventory.ts";
import { ResourceMetrics, SystemInfo } from "../../core/wire/state.ts";
import { ConnectionJoin } from "../enrich/connections.ts";
import type { EventDraft } from "../normalize/draft.ts";
import { FlowTable } from "./flows.ts";
import { InventoryTaker } from "./inventory.ts";
import { parseAddress, parseProcNet } from "./proc-net.ts";
import { parseCgroup, parseStat } from "./proc-pid.ts";
import { ProcessLister } from "./processes.ts";
import { parseCpu, parseMeminfo, parseNetDev, ResourceMeter } from "./resources.ts";
import { SocketLister } from "./sockets.ts";
import { bootTimeMs, parseOsRelease, readSystemInfo } from "./system.ts";

describe("/proc", () => {
  test("addresses", () => {
    expect(parseAddress("0100007F")).toBe("127.0.0.1");
    expect(parseAddress("00000000000000000000000001000000")).toBe("::1");
    expect(parseAddress("00000000000000000000000000000000")).toBe("::");
    expect(parseAddress("0000000000000000FFFF00000100007F")).toBe("127.0.0.1");
    expect(parseAddress("B80D01200000000000000000010000FF")).toBe("2001:db8::ff00:1");
  });

  test("socket tables, bounded", () => {
    const row = (n: number): string =>
      `   ${n}: 0100007F:1F90 0200007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 4${n} 1 0 100 0 0 10 0`;
    const { sockets, leftOut } = parseProcNet(`  sl  local_address\n${row(0)}\n${row(1)}\n${row(2)}\nrubbish\n`, 2);
    expect(sockets[0]).toEqual({
      localAddr: "127.0.0.1",
      localPort: 8080,
      remoteAddr: "127.0.0.2",
      remotePort: 50000,
      state: "ESTABLISHED",
      uid: 1000,
      inode: "40",
    });
    expect([sockets.length, leftOut]).toEqual([2, 1]);
  });

  test("a process whose name has brackets and blanks", () => {
    const stat = parseStat(
      `7 (a) b ( c) S 1 7 7 0 -1 4194304 1 0 0 0 10 20 0 0 20 0 3 0 500 1000 250 18446744073709551615 ${"0 ".repeat(20)}`,
    );
    expect(stat).toEqual({
      name: "a) b ( c",
      state: "S",
      ppid: 1,
      cpuTicks: 30,
      threads: 3,
      startTicks: 500,
      rssPages: 250,
      isKernel: false,
    });
    expect(parseStat("")).toBeUndefined();
    expect(parseStat(`2 (kthreadd) S 0 0 0 0 -1 2129984 ${"0 ".repeat(40)}`)?.isKernel).toBe(true);
  });

  test("cgroups of both versions", () => {
    expect(parseCgroup("0::/system.slice/ssh.service\n")).toBe("/system.slice/ssh.service");
    expect(parseCgroup("12:memory:/docker/abc\n1:name=systemd:/docker/abc\n0::/\n")).toBe("/docker/abc");
    expect(parseCgroup("")).toBeUndefined();
  });

  test("load, memory, interfaces, release", () => {
    expect(parseCpu("cpu  10 0 10 70 10 0 0 0 0 0\ncpu0 1\n")).toEqual({ total: 100, busy: 20 });
    expect(parseMeminfo("MemTotal:  100 kB\nMemFree: 1 kB\nMemAvailable:  40 kB\n")).toEqual({
      total: 102_400,
      used: 61_440,
    });
    expect(parseNetDev("h\nh\n  lo: 9 0 0 0 0 0 0 0 9 0\neth0: 5 0 0 0 0 0 0 0 7 0\n")).toEqual({ rx: 5, tx: 7 });
    expect(parseOsRelease('NAME=x\nPRETTY_NAME="Debian GNU/Linux 12"\n')).toBe("Debian GNU/Linux 12");
  });
});

test("this host fits the wire", async () => {
  expect(compile(SystemInfo).fault(await readSystemInfo())).toBeUndefined();
  const meter = new ResourceMeter();
  await meter.read(0, undefined, "/");
  const resources = await meter.read(1000, process.pid, "/");
  expect(compile(ResourceMetrics).fault(resources)).toBeUndefined();
  expect(resources.sensor_rss_bytes).toBeGreaterThan(1e6);
});

describe("inventory", () => {
  const take = async (): Promise<{ taker: InventoryTaker; flows: FlowTable; clock: ManualClock }> => {
    const flows = new FlowTable();
    const clock = new ManualClock(systemClock.nowMs());
    return {
      taker: new InventoryTaker(new ProcessLister(await bootTimeMs()), flows, new ConnectionJoin(), clock),
      flows,
      clock,
    };
  };

  test("finds this process, its listening socket and its connection, with their owner", async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as { port: number };
    const client = connect(port, "127.0.0.1");
    await new Promise((done) => client.once("connect", done));
    try {
      const { taker } = await take();
      const { inventory } = (await taker.prepare(true))!;
      expect(compile(Inventory).fault(inventory)).toBeUndefined();
      expect(inventory.processes?.find((p) => p.pid === process.pid)).toMatchObject({
        uid: process.getuid!(),
        ppid: process.ppid,
      });
      expect(inventory.listening?.find((l) => l.port === port)).toMatchObject({
        protocol: "tcp",
        addr: "127.0.0.1",
        pid: process.pid,
      });
      expect(inventory.connections?.find((c) => c.remote_port === port)).toMatchObject({
        state: "ESTABLISHED",
        pid: process.pid,
      });
    } finally {
      client.destroy();
      await new Promise((done) => server.close(done));
    }
  });

  test("looks for the owner of a socket where others are, then with all that may hold one", async () => {
    const sockets = new SocketLister();
    const listen = async (): Promise<{ server: Server; port: number }> => {
      const server = createServer();
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      return { server, port: (server.address() as { port: number }).port };
    };
    const owner = async (port: number, mayHold: boolean): Promise<number | undefined> => {
      const context = { binary: () => undefined, mayHold: () => mayHold, began: () => undefined };
      return (await sockets.list(context, 0)).listening.find((l) => l.port === port)?.pid;
    };
    const first = await listen();
    try {
      expect(await owner(first.port, false)).toBeUndefined();
      // Nobody was found for it: for some passes it is not looked for again.
      expect(await owner(first.port, true)).toBeUndefined();
      const fresh = await listen();
      expect(await owner(fresh.port, true)).toBe(process.pid);
      const later = await listen();
      expect(await owner(later.port, false)).toBe(process.pid);
      for (const { server } of [fresh, later]) server.close();
    } finally {
      first.server.close();
    }
  });

  test("sends a section again only when it changed, flows until they arrived", async () => {
    const { taker, flows, clock } = await take();
    const first = (await taker.prepare(true))!;
    expect(Object.keys(first.inventory).toSorted()).toEqual([
      "connections",
      "flows",
      "is_full_snapshot",
      "listening",
      "observed_at_us",
      "processes",
    ]);
    taker.arrived(first);
    const closed = {
      kind: "network_close",
      network: {
        family: "inet",
        protocol: "tcp",
        direction: "outbound",
        remote_addr: "1.1.1.1",
        remote_port: 443,
        bytes_sent: 3,
        bytes_received: 4,
      },
    } as EventDraft;
    flows.add(closed);
    flows.add(closed);
    expect((await taker.prepare(false))?.inventory.flows).toBeUndefined();
    const second = (await taker.prepareSockets())!;
    expect(second.inventory.flows).toEqual([
      {
        protocol: "tcp",
        direction: "outbound",
        remote_addr: "1.1.1.1",
        remote_port: 443,
        count: 2,
        bytes_sent: 6,
        bytes_received: 8,
      },
    ]);
    expect(second.sizeBytes).toBe(JSON.stringify(second.inventory).length);
    taker.failed(second);
    flows.add(closed);
    const third = (await taker.prepareSockets())!;
    expect(third.inventory.flows?.[0]?.count).toBe(3);
    taker.arrived(third);
    expect((await taker.prepareSockets())?.inventory.flows).toBeUndefined();
    await clock.advance(60_000);
    expect((await taker.prepare(false))?.inventory.processes).toBeDefined();
  });

  test("gives sockets that are too many for a heartbeat to the inventory, with nothing lost on the way", async () => {
    const { taker, flows } = await take();
    taker.arrived((await taker.prepare(true))!);
    const close = (n: number): EventDraft =>
      ({
        kind: "network_close",
        process: { binary: `/opt/${"x".repeat(200)}` },
        network: {
          family: "inet",
          protocol: "tcp",
          direction: "outbound",
          remote_addr: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
          remote_port: 443,
        },
      }) as EventDraft;
    for (let n = 0; n < 5_000; n++) flows.add(close(n));
    expect(await taker.prepareSockets()).toBeUndefined();
    flows.add(close(5_000));
    const given = (await taker.prepare(false))!;
    expect(given.inventory.is_full_snapshot).toBe(false);
    expect(given.inventory.flows).toHaveLength(5_001);
    taker.arrived(given);
    flows.add(close(1));
    expect((await taker.prepareSockets())!.inventory.flows).toHaveLength(1);
    expect((await taker.prepare(false))?.inventory.flows).toBeUndefined();
  });
});
