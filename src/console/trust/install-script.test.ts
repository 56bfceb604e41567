import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Hex } from "../../core/ids.ts";
import { silentLog } from "../../core/log.ts";
import { Metrics } from "../../core/metrics.ts";
import { createAuthority, issueServerCertificate } from "../../core/pki/issue.ts";
import { curlPin } from "../../core/pki/keys.ts";
import { x509 } from "../../core/pki/x509.ts";
import { Listener } from "../http/listener.ts";
import { installCommand, shellQuote } from "./install-command.ts";
import script from "./install.sh" with { type: "text" };

// Stands for the sensor's executable: says how it was called and what it read.
const PROGRAM = '#!/bin/sh\nhere=$(dirname "$0")\nprintf "%s\\n" "$@" >"$here/called"\ncat >"$here/read"\n';
const TOKEN = `tse_${"a-_Z".repeat(10)}abc`;

let root: string;
let listener: Listener;
let pin: string;
let sum = sha256Hex(PROGRAM);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "telovix-install-"));
  const authority = await createAuthority("Telovix test", Date.now());
  const server = await issueServerCertificate(authority, { dns: ["localhost"], ips: [] }, Date.now());
  pin = curlPin(new x509.X509Certificate(server.pem).publicKey.rawData);
  const ca = authority.certificate.toString("pem");
  listener = new Listener({
    host: "127.0.0.1",
    port: 0,
    tls: { certPem: server.pem, keyPem: server.keyPem, clientCaPem: ca },
    fetch: (request) => {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/install.sh") return new Response(script);
      if (searchParams.get("arch") !== "x86_64" && searchParams.get("arch") !== "aarch64")
        return new Response(null, { status: 404 });
      if (pathname === "/download/telovix.sha256") return new Response(`${sum}  telovix\n`);
      return pathname === "/download/telovix" ? new Response(PROGRAM) : new Response(null, { status: 404 });
    },
    log: silentLog,
    metrics: new Metrics(),
  });
});

afterAll(async () => {
  await listener[Symbol.asyncDispose]();
  await rm(root, { recursive: true });
});

interface Run {
  readonly code: number;
  readonly out: string;
  readonly dir: string;
}

/** Pastes the line into a real shell, installing below a directory of its own; programs in `bin` come before the host's. */
async function paste(line: string, dir = join(root, String(Math.random())), bin = "/usr/bin"): Promise<Run> {
  const child = Bun.spawn(["sh", "-c", line], {
    env: { PATH: `${bin}:${process.env["PATH"] ?? ""}`, TELOVIX_INSTALL_ROOT: dir },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, out: out + err, dir };
}

const line = (more: Partial<Parameters<typeof installCommand>[0]> = {}): string =>
  installCommand({ consoleUrl: `https://127.0.0.1:${listener.port}`, pin, token: TOKEN, ...more });

describe("the install line", () => {
  test("fetches, checks, installs, enrols and writes the service", async () => {
    const { code, out, dir } = await paste(
      line({ nodeName: "db-17", declaredRole: "generic_linux", flavor: "telecom" }),
    );
    expect([code, out]).toEqual([0, expect.stringContaining("nothing was started")]);
    const bin = join(dir, "usr/local/bin");
    expect(await readFile(join(bin, "telovix"), "utf8")).toBe(PROGRAM);
    expect((await stat(join(bin, "telovix"))).mode & 0o777).toBe(0o755);
    const called = (await readFile(join(bin, "called"), "utf8")).trim().split("\n");
    expect(called.join(" ")).toBe(
      `enroll --console https://127.0.0.1:${listener.port} --pin ${pin} --token-file - --node-name db-17 --role generic_linux` +
        ` --flavor telecom --state-dir ${join(dir, "var/lib/telovix-sensor")}`,
    );
    expect(await readFile(join(bin, "read"), "utf8")).toBe(`${TOKEN}\n`);
    const unit = await readFile(join(dir, "etc/systemd/system/telovix-sensor.service"), "utf8");
    expect(unit).toContain("ExecStart=/usr/local/bin/telovix sensor run");
  });

  test("carries a cluster's name, and replaces an enrolment when it is told to", async () => {
    const { code, dir } = await paste(line({ cluster: "oslo-5g", replace: true }));
    expect(code).toBe(0);
    const called = (await readFile(join(dir, "usr/local/bin/called"), "utf8")).trim().split("\n");
    expect(called.join(" ")).toContain("--token-file - --cluster oslo-5g --force --state-dir");
  });

  test.each([
    ["4.19.0-27-amd64", false],
    ["5.7.19", false],
    ["5.8.0-1-generic", true],
    ["6.18.44", true],
  ])("on the kernel %s: taken is %p", async (release, isTaken) => {
    const bin = await mkdtemp(join(root, "bin-"));
    await writeFile(join(bin, "uname"), `#!/bin/sh\n[ "$1" = -r ] && echo ${release} || exec /bin/uname "$@"\n`);
    await chmod(join(bin, "uname"), 0o755);
    const { code, out } = await paste(line(), undefined, bin);
    expect([code, out.includes("Linux 5.8 or newer is needed")]).toEqual(isTaken ? [0, false] : [1, true]);
  });

  test("installs nothing when the Console has another key", async () => {
    const other = `sha256//${Buffer.alloc(32, 7).toString("base64")}`;
    const whole = await paste(line({ pin: other }));
    expect(whole.out).not.toContain("installed");
    const inner = line().replace(`--pin '${pin}'`, `--pin '${other}'`);
    const { code, out, dir } = await paste(inner);
    expect([code, out]).toEqual([1, expect.stringContaining("its key is not the pinned one")]);
    expect(await Bun.file(join(dir, "usr/local/bin/telovix")).exists()).toBe(false);
  });

  test("installs nothing when the download is damaged", async () => {
    sum = sha256Hex("something else");
    const { code, out, dir } = await paste(line());
    sum = sha256Hex(PROGRAM);
    expect([code, out]).toEqual([1, expect.stringContaining("the download is damaged")]);
    expect(await Bun.file(join(dir, "usr/local/bin/telovix")).exists()).toBe(false);
  });

  test.each([
    ["--token", "tse_short"],
    ["--node-name", "a; rm -rf /"],
    ["--node-name", "a\nb"],
    ["--role", "Role"],
    ["--cluster", "a b"],
    ["--cluster", "-x"],
    ["--replace", "no"],
    ["--console", "http://console"],
    ["--console", "https://user@console"],
    ["--pin", "sha256//x"],
    ["--prefix", "x"],
  ])("refuses %s %j", async (flag, value) => {
    const { code, out } = await paste(`${line()} ${flag} ${shellQuote(value)}`);
    expect([code, out]).toEqual([1, expect.stringMatching(/^telovix: /)]);
  });

  test("quotes whatever it is given", () => {
    expect(shellQuote("a'b$(id)`id`")).toBe("'a'\\''b$(id)`id`'");
  });

  test("a script that breaks off runs nothing", async () => {
    const cut = script.slice(0, script.lastIndexOf('main "$@"'));
    const child = Bun.spawn(["sh", "-s", "--", "--console", "x"], {
      stdin: new Blob([cut]),
      stdout: "pipe",
      stderr: "pipe",
    });
    expect([await child.exited, await new Response(child.stdout).text()]).toEqual([0, ""]);
  });
});
