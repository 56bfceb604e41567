import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resealed, sampleExport } from "../../test/harness/integrity.ts";
import { generateSigningKey, openSigner } from "../core/sign/ed25519.ts";
import { runCli } from "./run.ts";

let dir: string;
const key = await generateSigningKey();
const good = await sampleExport(
  await openSigner(key.privatePem),
  [[{ first: 1, last: 5, missing: [{ from_seq: 4, to_seq: 4, stage: "spool", cause: "spool_overflow" }] }]],
  [],
);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "telovix-verify-"));
  await writeFile(join(dir, "key.pem"), key.publicPem);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function verify(text: string, ...flags: string[]): Promise<{ code: number; out: string; err: string }> {
  const path = join(dir, "export.ndjson");
  await writeFile(path, text);
  let out = "";
  let err = "";
  const terminal = {
    out: (t: string) => void (out += t),
    err: (t: string) => void (err += t),
    signal: new AbortController().signal,
  };
  return { code: await runCli(["verify", path, ...flags], terminal), out, err };
}

test("a whole export under the given key is proven, in words", async () => {
  const { code, out } = await verify(good, "--key", join(dir, "key.pem"));
  expect(code).toBe(0);
  expect(out).toContain("Genuine: 4 events of db-17");
  expect(out).toContain("lost before they came: 1 (spool: spool_overflow)");
  expect(out).toContain("Signed: the root of the hour 2026-06-01T00:00:00Z");
});

test("without a key it says that this proves little", async () => {
  const { code, out } = await verify(good);
  expect(code).toBe(3);
  expect(out).toContain("without it, this shows only that the file agrees with itself");
});

test("a changed event fails with its place, in words and as JSON", async () => {
  const changed = resealed(good.replace("ä 3", "ä 9"));
  const { code, err } = await verify(changed, "--key", join(dir, "key.pem"));
  expect(code).toBe(1);
  expect(err).toContain("line 6, number 3 of sequence 00000000000000aa: event 3 was changed");
  const json = await verify(changed, "--json");
  expect(json.code).toBe(1);
  expect(JSON.parse(json.out)).toMatchObject({ genuine: false, fault: { line: 6, seq: 3 } });
});

test("a file that is no export is called that; an export whose header was changed is not genuine", async () => {
  for (const other of [
    "",
    "hello\n",
    '{"type":"event"}\n',
    '{"type":"header","format":"other"}\n',
    "\u0000".repeat(100),
  ]) {
    const { code, err } = await verify(other);
    expect(code).toBe(1);
    expect(err).toContain("it is no export of Telovix");
    expect(err).not.toContain("NOT GENUINE");
    const json = JSON.parse((await verify(other, "--json")).out) as { genuine: boolean; fault: { message: string } };
    expect(json.genuine).toBe(false);
    expect(json.fault.message).toContain("no export of Telovix");
  }
  for (const changed of [good.replace("{", ""), good.replace('"version":1', '"version":2'), good.slice(0, 80)]) {
    const { code, err } = await verify(changed);
    expect(code).toBe(1);
    expect(err).toContain("NOT GENUINE");
  }
});

test("roots and proofs taken out of a file are told, not overlooked", async () => {
  const bare = good
    .replace(/"roots":\[.*\]\}\n/, '"roots":[]}\n')
    .split("\n")
    .filter((line) => !line.includes('"type":"proof"'))
    .join("\n");
  const { code, out } = await verify(resealed(bare), "--key", join(dir, "key.pem"));
  expect(code).toBe(3);
  expect(out).toContain("4 events came after the last signed root");
});

test("an event under a number sealed as missing is told as not proven", async () => {
  const lines = good.trimEnd().split("\n");
  const at = lines.findIndex((line) => line.includes('"type":"event","seq":3,'));
  const late = JSON.parse(lines[at]!) as { event: string };
  lines.splice(
    at + 1,
    0,
    JSON.stringify({ ...late, seq: 4, event: late.event.replace('"seq":3', '"seq":4'), late: true }),
  );
  const { code, out } = await verify(resealed(`${lines.join("\n")}\n`), "--key", join(dir, "key.pem"));
  expect(code).toBe(3);
  expect(out).toContain("Genuine: 4 events of db-17");
  expect(out).toContain(
    "NOT PROVEN: 1 more event in this file stands under a number sealed as missing. It may have waited",
  );
});

test("events that are gone at the edge of what is kept are told as such; gone from among those that are kept, as not genuine", async () => {
  const key = ["--key", join(dir, "key.pem")];
  const partly = good
    .replace(/"kept_from":"[^"]*"/, '"kept_from":"2026-06-01T00:00:00Z"')
    .replace('"with_events":true', '"with_events":true,"partly_gone":true')
    .split("\n")
    .filter((line) => !line.includes('"type":"event","seq":2,'))
    .join("\n");
  const { code, out } = await verify(resealed(partly), ...key);
  expect(code).toBe(3);
  expect(out).toContain("Genuine: 0 events of db-17");
  expect(out).toContain("1 event among them is not in this file");
  expect(out).toContain("NOT PROVEN: 3 more events in this file are of blocks that have lost others since.");
  expect(out).toContain("lets go only of events from before 2026-06-01T00:00:00Z: compare that");
  const json = await verify(resealed(partly), "--json");
  expect(json.code).toBe(3);
  expect(JSON.parse(json.out)).toMatchObject({
    genuine: true,
    events: 0,
    unproven_events: 3,
    kept_from: "2026-06-01T00:00:00Z",
    chains: [{ absent_events: 1, unproven_events: 3 }],
  });
  const kept = resealed(partly.replace('"kept_from":"2026-06-01T00:00:00Z"', '"kept_from":"2026-03-04T00:00:00Z"'));
  const taken = await verify(kept, ...key);
  expect(taken.code).toBe(1);
  expect(taken.err).toContain("NOT GENUINE");
  expect(taken.err).toContain("number 2 of sequence 00000000000000aa: event 2 is gone from among events that are kept");
});

test("no file, a file that is not there and a key that is none are told as such", async () => {
  const terminal = { out: () => {}, err: () => {}, signal: new AbortController().signal };
  expect(await runCli(["verify"], terminal)).toBe(2);
  expect(await runCli(["verify", join(dir, "none")], terminal)).toBe(1);
  expect((await verify(good, "--key", join(dir, "export.ndjson"))).err).toContain("holds no Ed25519 public key");
});
