import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, chown, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { APP_ROLE, DATABASE } from "../../src/console/embedded/postgres-init.ts";
import { connectClickHouse } from "../../src/console/stores/clickhouse.ts";
import { connectPostgres } from "../../src/console/stores/postgres.ts";
import { Secret } from "../../src/core/log.ts";
import { BUILT_FILE, freePort, startBuiltConsole, type BuiltConsole } from "../harness/built-console.ts";
import { pidsWith } from "../harness/processes.ts";
import { expectPlainRefusal, runProgram, type Outcome } from "../harness/program.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("SKIPPED: surroundings that only root can make bad: not root\n");
const NOBODY = { uid: 65_534, gid: 65_534 };

let dir: string;
let telovix: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "telovix-bad-"));
  await chmod(dir, 0o755);
  telovix = join(dir, "telovix");
  await copyFile(BUILT_FILE, telovix);
  await chmod(telovix, 0o755);
});
afterAll(async () => {
  expect(await pidsWith(dir)).toEqual([]);
  await rm(dir, { recursive: true, force: true });
});

async function serve(dataDir: string, args: readonly string[] = [], account = {}): Promise<Outcome> {
  const port = String(await freePort());
  return runProgram(telovix, ["console", "serve", "--data-dir", dataDir, "--port", port, ...args], account);
}

async function stopAndStart(home: BuiltConsole): Promise<Outcome> {
  await home.kill("SIGTERM");
  return runProgram(home.executable, ["console", "serve", "--data-dir", home.dataDir, "--port", String(home.port)]);
}

describe("a Console in bad surroundings says what is wrong and what to do", () => {
  test("another program has its port", async () => {
    const server = createServer().listen(0, "::");
    await new Promise((done) => server.once("listening", done));
    const { port } = server.address() as { port: number };
    try {
      const outcome = await runProgram(telovix, [
        "console",
        "serve",
        "--data-dir",
        join(dir, "port"),
        "--port",
        String(port),
      ]);
      const { sentence, hint } = expectPlainRefusal(outcome);
      expect(sentence).toContain(String(port));
      expect(hint).toContain("--port");
      expect(await pidsWith(join(dir, "port"))).toEqual([]);
    } finally {
      server.close();
    }
  }, 60_000);

  test("another Console works on its data, and goes on unharmed", async () => {
    await using home = await startBuiltConsole();
    await home.printed(/Ctrl-C/);
    const second = await runProgram(home.executable, [
      "console",
      "serve",
      "--data-dir",
      home.dataDir,
      "--port",
      String(await freePort()),
    ]);
    const { sentence, hint } = expectPlainRefusal(second);
    expect(sentence).toMatch(new RegExp(`another Console \\(process ${home.process.pid}\\)`));
    expect(hint).toContain("--data-dir");
    const ready = await fetch(`${home.url}/readyz`, { tls: { rejectUnauthorized: false } });
    expect(ready.status).toBe(200);
    const status = await runProgram(home.executable, ["console", "status", "--data-dir", home.dataDir]);
    expect(status).toMatchObject({ code: 0, err: "" });
  }, 60_000);

  test.skipIf(!isRoot)(
    "its databases were used by a newer Console",
    async () => {
      await using home = await startBuiltConsole();
      await home.printed(/Ctrl-C/);
      const passwords = JSON.parse(await readFile(join(home.dataDir, "postgres/passwords.json"), "utf8")) as {
        app: string;
      };
      const sql = connectPostgres(
        {
          socketDir: join(home.dataDir, "postgres/run"),
          user: APP_ROLE,
          password: new Secret(passwords.app),
          database: DATABASE,
        },
        { maxConnections: 1 },
      );
      await sql`INSERT INTO schema_migrations (version, name, sha256) VALUES (9999, 'add_future', 'x')`;
      const { sentence, hint } = expectPlainRefusal(await stopAndStart(home));
      await sql.end({ timeout: 0 });
      expect(sentence).toMatch(/PostgreSQL database is newer.*9999_add_future/);
      expect(hint).toContain("at least as new");
    },
    60_000,
  );

  test.skipIf(!isRoot)(
    "its event database was used by a newer Console",
    async () => {
      await using home = await startBuiltConsole();
      await home.printed(/Ctrl-C/);
      const client = connectClickHouse({ socketPath: join(home.dataDir, "clickhouse/run/http"), database: "telovix" });
      const values = [{ version: 9999, name: "add_future", sha256: "x" }];
      await client.insert({ table: "schema_migrations", values, format: "JSONEachRow" });
      await client.close();
      const { sentence } = expectPlainRefusal(await stopAndStart(home));
      expect(sentence).toMatch(/ClickHouse database is newer.*9999_add_future/);
    },
    60_000,
  );

  test.skipIf(!isRoot)(
    "its databases may not enter the directory above",
    async () => {
      const closed = join(dir, "closed");
      await mkdir(closed, { mode: 0o700 });
      const { sentence, hint } = expectPlainRefusal(await serve(join(closed, "data")));
      expect(sentence).toContain(`cannot enter ${closed}`);
      expect(hint).toContain(`chmod o+x ${closed}`);
    },
    60_000,
  );

  test("its data directory is a file", async () => {
    await writeFile(join(dir, "file"), "");
    const { sentence } = expectPlainRefusal(await serve(join(dir, "file")));
    expect(sentence).toContain(join(dir, "file"));
  }, 60_000);

  test.skipIf(!isRoot)(
    "it may not write where its data should go",
    async () => {
      await mkdir(join(dir, "roots"), { mode: 0o755 });
      const { sentence, hint } = expectPlainRefusal(await serve(join(dir, "roots/data"), [], NOBODY));
      expect(sentence).toContain(join(dir, "roots/data"));
      expect(hint).toMatch(/--data-dir|chown/);
    },
    60_000,
  );

  test.skipIf(!isRoot)(
    "it runs without root where it may write",
    async () => {
      const own = join(dir, "own");
      await mkdir(own, { mode: 0o700 });
      await chown(own, NOBODY.uid, NOBODY.gid);
      const { sentence } = expectPlainRefusal(
        await serve(own, ["--tls-cert", "/nowhere", "--tls-key", "/nowhere"], NOBODY),
      );
      expect(sentence).toContain("/nowhere");
    },
    60_000,
  );

  test("a flag, a setting or a command is written wrongly", async () => {
    const flag = await serve(join(dir, "flag"), ["--publik-url", "https://x"]);
    expect(flag.code).toBe(2);
    expect(expectPlainRefusal(flag).hint).toContain("Did you mean --public-url?");
    await writeFile(join(dir, "wrong.yaml"), "port: 15483\npostgres_uri: postgres://x\n");
    const setting = expectPlainRefusal(await serve(join(dir, "flag"), ["--config", join(dir, "wrong.yaml")]));
    expect(setting.sentence).toMatch(/postgres.uri/);
    expect(setting.hint).toContain("Did you mean postgres_url?");
    const value = expectPlainRefusal(await serve(join(dir, "flag"), ["--log-level", "loud"]));
    expect(value.sentence).toContain("log-level");
    await writeFile(join(dir, "broken.yaml"), "port: [1\n");
    const broken = expectPlainRefusal(await serve(join(dir, "flag"), ["--config", join(dir, "broken.yaml")]));
    expect(broken.sentence).toContain(join(dir, "broken.yaml"));
    const command = expectPlainRefusal(await runProgram(telovix, ["console", "server"]));
    expect(command.hint).toContain("console serve");
  }, 60_000);

  test.skipIf(!isRoot)(
    "the disk of its data is full",
    async () => {
      const small = join(dir, "small");
      await mkdir(small);
      const mounted = await runProgram("mount", ["-t", "tmpfs", "-o", "size=40m,mode=755", "tmpfs", small]);
      if (mounted.code !== 0) {
        process.stderr.write(`SKIPPED: the disk of its data is full: ${mounted.err}`);
        return;
      }
      try {
        const { sentence, hint } = expectPlainRefusal(await serve(join(small, "data")));
        expect(sentence).toContain("no space left");
        expect(hint).toMatch(/free|space|--data-dir/i);
        expect(await readdir(join(small, "data/payload")).catch(() => [])).toEqual([]);
      } finally {
        await runProgram("umount", [small]);
      }
    },
    60_000,
  );
});

describe("a sensor in bad surroundings says what is wrong and what to do", () => {
  const sensor = (stateDir: string, account = {}): Promise<Outcome> =>
    runProgram(telovix, ["sensor", "run", "--state-dir", stateDir], account);

  test("it is not enrolled", async () => {
    const { sentence, hint } = expectPlainRefusal(await sensor(join(dir, "fresh")));
    expect(sentence).toContain("not enrolled");
    expect(hint).toContain("telovix enroll");
  });

  test.skipIf(!isRoot)("it may not write its state, or the state is somebody else's", async () => {
    const denied = expectPlainRefusal(await sensor(join(dir, "denied"), NOBODY));
    expect(denied.sentence).toContain(join(dir, "denied"));
    await mkdir(join(dir, "theirs"), { mode: 0o755 });
    const theirs = expectPlainRefusal(await sensor(join(dir, "theirs"), NOBODY));
    expect(theirs.sentence).toContain("belongs to user 0");
    expect(theirs.hint).toContain("chown");
  });

  test.skipIf(!isRoot)("others may write its state", async () => {
    await mkdir(join(dir, "open"));
    await chmod(join(dir, "open"), 0o777);
    expect(expectPlainRefusal(await sensor(join(dir, "open"))).hint).toContain("chmod 700");
  });

  test("nobody listens where it should enrol", async () => {
    const url = `https://localhost:${await freePort()}`;
    const args = ["--console", url, "--pin", `sha256//${"A".repeat(43)}=`, "--token", `tse_${"A".repeat(43)}`];
    const outcome = await runProgram(telovix, ["enroll", ...args, "--wait", "0s", "--state-dir", join(dir, "fresh")]);
    const { sentence, hint } = expectPlainRefusal(outcome);
    expect(sentence).toContain(`${url} can't be reached`);
    expect(hint).toContain("15483");
  });

  test("an unknown flag names the nearest", async () => {
    const outcome = await runProgram(telovix, ["sensor", "run", "--state-dri", "x"]);
    expect(expectPlainRefusal(outcome).hint).toContain("--state-dir");
  });

  test("a value, a pin or a token is written wrongly", async () => {
    const level = await runProgram(telovix, [
      "sensor",
      "run",
      "--log-level",
      "loud",
      "--state-dir",
      join(dir, "fresh"),
    ]);
    expect(expectPlainRefusal(level).hint).toContain("debug, info, warn, error");
    const enroll = (pin: string, token: string): Promise<Outcome> =>
      runProgram(telovix, [
        "enroll",
        "--console",
        "https://localhost:1",
        "--pin",
        pin,
        "--token",
        token,
        "--state-dir",
        join(dir, "fresh"),
      ]);
    const good = `tse_${"A".repeat(43)}`;
    expect(expectPlainRefusal(await enroll("sha256//AAAA", good)).hint).toContain("Deploy Sensor");
    expectPlainRefusal(await enroll(`sha256//${"A".repeat(43)}=`, "tse_short"));
  });

  test("a state file that is damaged is named", async () => {
    const damaged = join(dir, "damaged");
    await mkdir(damaged, { mode: 0o700 });
    await writeFile(join(damaged, "sensor-state.json"), '{"version":1,', { mode: 0o600 });
    expect(expectPlainRefusal(await sensor(damaged)).sentence).toContain("sensor-state.json");
  });
});
