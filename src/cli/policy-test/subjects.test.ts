import { afterAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manifest } from "../../../embed/manifest.ts";
import { errorMessage } from "../../core/error.ts";
import { LIMITS } from "../../core/policy/read/limits.ts";
import { readPolicyFiles } from "../policy-files.ts";
import { readSubjects } from "./subjects.ts";

const root = await mkdtemp(join(tmpdir(), "telovix-subjects-"));
afterAll(() => rm(root, { recursive: true, force: true }));

const policy = (name: string): string => `apiVersion: cilium.io/v1alpha1
kind: TracingPolicy
metadata:
  name: ${name}
spec:
  kprobes:
    - call: sys_chroot
      syscall: true
      message: Root changed
`;
const META = `title: A policy
description: It catches something.
why: It matters.
noise: None known.
mitre: [T1611]
severity: high
kind: chroot
selfTest:
  - act: chroot-temp
    expect: { event: process_kprobe, fields: { message: Root changed } }
`;

async function directory(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const dir = join(root, name);
  await mkdir(dir);
  for (const [file, text] of Object.entries(files)) await Bun.write(join(dir, file), text);
  return dir;
}

const failure = (promise: Promise<unknown>): Promise<string> => promise.then(() => "nothing failed", errorMessage);
const names = async (...words: string[]): Promise<string[]> => (await readSubjects(words)).map((s) => s.name);

const PACK = `id: a-pack
version: 0.1.0
title: A pack
description: For tests.
roles: [generic_linux]
enforcementCapable: false
policies: [second, first]
`;
const pack = await directory("a-pack", {
  "pack.yaml": PACK,
  "first.yaml": policy("first"),
  "first.meta.yaml": META,
  "second.yaml": policy("second"),
  "second.meta.yaml": `${META}fallbackOf: first\n`,
});
const loose = await directory("loose", {
  "one.yaml": policy("one"),
  "one.meta.yaml": META,
  "untested.yaml": policy("untested"),
});

test("a pack inside the executable", async () => {
  const subjects = await readSubjects(["linux-baseline"]);
  const known = manifest.packs.find((p) => p.id === "linux-baseline")!;
  expect(subjects.map((s) => s.name)).toEqual(known.policies.map((p) => p.name));
  expect(subjects.every((s) => s.plan.length > 0 && s.selfTest.length > 0)).toBe(true);
  expect(subjects.find((s) => s.name === "linux-shadow-read-lsm")?.standIns).toEqual(["linux-shadow-read"]);
});

test("a pack's directory, in its order", async () => {
  expect(await names(pack)).toEqual(["second", "first"]);
  expect((await readSubjects([pack])).map((s) => s.standIns)).toEqual([["first"], []]);
});

test("the tested policies of any directory, and single files", async () => {
  expect(await names(loose)).toEqual(["one"]);
  expect(await names(join(loose, "one.yaml"), join(pack, "first.yaml"))).toEqual(["one", "first"]);
});

test.each([
  ["nothing of the name", ["no-such-thing"], "no pack and no file"],
  ["a policy without a self-test", [join(loose, "untested.yaml")], "untested.meta.yaml"],
  ["one policy twice", [loose, join(loose, "one.yaml")], "two policies named one"],
])("%s is refused", async (_name, words, says) => expect(await failure(readSubjects(words))).toContain(says));

test("a directory without self-tests is refused", async () => {
  const bare = await directory("bare", { "one.yaml": policy("one") });
  expect(await failure(readSubjects([bare]))).toContain("holds no policy with a self-test");
});

test("checking a pack's directory looks at policies only", async () => {
  const paths: string[] = [];
  for await (const file of readPolicyFiles([pack], LIMITS.fileBytes)) paths.push(file.path.slice(pack.length + 1));
  expect(paths).toEqual(["first.yaml", "second.yaml"]);
});
