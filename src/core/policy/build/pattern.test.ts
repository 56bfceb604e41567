import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { readPattern } from "./pattern.ts";

/* The engine's own matcher, built here, finds the names that JavaScript finds for the pattern as it is written. */

setDefaultTimeout(120_000);

const NATIVE = join(import.meta.dir, "../../../../native");
const NAMES = [
  ..."vfs_read vfs_write vfs_readv vfs_reading do_sys_poll do_sys_poll3 do_sys_polld do_sys_poll\\ ksys_read __x64_sys_read".split(
    " ",
  ),
  ..."a aa aaa ab aab abb b A Z z 0 9 _ $ . - ^ [ ] \\ { } x+ a.b foo.isra.0 foo.constprop.12 a] b] a-z -a ^a a^ a$b a|b (a) a:b d".split(
    " ",
  ),
];

let dir = "";
let matcher = "";

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "telovix-pattern-"));
  matcher = join(dir, "match");
  const sources = [join(NATIVE, "test/plans/pattern.c"), join(NATIVE, "policy/pattern.c")];
  const built = Bun.spawnSync(["cc", "-O1", "-D_GNU_SOURCE", `-I${join(NATIVE, "policy")}`, ...sources, "-o", matcher]);
  if (built.exitCode !== 0) throw new Error(`The engine's matcher can't be built: ${built.stderr.toString()}`);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function taken(patterns: readonly string[]): readonly (readonly [pattern: string, posix: string])[] {
  return patterns.flatMap((pattern) => {
    const read = readPattern(pattern);
    return "posix" in read && read.posix !== "" ? [[pattern, read.posix] as const] : [];
  });
}

/** Of each pattern what the two see differently. */
function differences(
  patterns: readonly (readonly [pattern: string, posix: string])[],
  names: readonly string[],
): string[] {
  const text = patterns.map(([, posix]) => `${[posix, ...names].join(" ")}\n`).join("");
  const answers = Bun.spawnSync([matcher], { stdin: Buffer.from(text) })
    .stdout.toString()
    .trimEnd()
    .split("\n");
  expect(answers.length).toBe(patterns.length);
  return patterns.flatMap(([pattern, posix], i) => {
    const wanted = names.map((name) => (new RegExp(pattern).test(name) ? "1" : "0")).join("");
    if (answers[i] === wanted) return [];
    const differs = names.filter((_, j) => wanted[j] !== answers[i]?.[j]);
    return [`${pattern} as ${posix}: ${answers[i] === "refused" ? "refused" : differs.join(" ")}`];
  });
}

const SAME = [
  "^(?:vfs_read|vfs_write)$", "^do_sys_poll[\\d]?$", "\\x76fs_read", "^vfs_\\w+$", "^vfs_[^\\W]+$", "^do_sys_poll\\d$",
  "^vfs_r.+?d$", "^a{2}?$", "^a{1,2}$", "^a{2,}$", "^[\\]a]\\]?$", "^[a\\-z]$", "^[a-]$", "^[-a]+$", "^[\\^]", "[^^]a", "^[\\^-]a?$",
  "^[[]$", "^[\\\\d]$", "^[.$^]", "foo\\.isra\\.0", "^\\$", "^\\{$", "^}$", "^]$", "^(vfs_read|)$", "()a", "vfs_read$|^ksys", "vfs\\_read",
  "\\D\\d", "^\\S+$", "^[^\\s]$", "^\\W", "^[\\W]", "[\\x5f-z]+3", "a\\|b", "^\\(a\\)$", "^a\\^", "x\\+", "[a:b]:", ".",
]; // prettier-ignore
const FAULTS: readonly (readonly [pattern: string, fault: RegExp, hint: RegExp])[] = [
  ["^a{256}$", /more than 255/, /\*/],
  ["^(a{200}){200}$", /more than 255/, /smaller/],
  ["vfs_read{,3}", /brace/, /\{0,3\}/],
  ["(?i)^VFS$", /flags/, /\[Rr\]ead/],
  ["(?P<x>vfs)", /names a group/, /without a name/],
  ["(?<x>vfs)", /names a group/, /without a name/],
  ["(?=vfs)", /looks around/, /look-around/],
  ["(?<!vfs)", /looks around/, /look-around/],
  ["^vfs_read\\z", /\\z/, /\$ for its end/],
  ["\\pL+", /\\p/, /\[a-z\]/],
  ["\\bvfs", /\\b/, /without/],
  ["(v)\\1", /refers back/, /back references/],
  ["^vfs_[[:alpha:]]+$", /by its name/, /\[a-z\]/],
  ["vfs\\n", /\\n/, /control/],
  ["vfs\\x01", /no function/, /ASCII/],
  ["vfs_rëad", /no function/, /ASCII/],
  ["vfs_re*+ad", /repeated/, /regular expression/],
  ["vfs_read)", /no pattern/, /regular expression/],
  ["(vfs", /no pattern/, /regular expression/],
  ["[a", /without its \]/, /\\\[/],
  ["[]", /nothing in them/, /\. for any/],
  ["[z-a]", /nothing in them|no pattern/, /./],
  ["\\w{20}{2}", /repeated/, /regular expression/],
  ["\\w".repeat(30), /longer/, /several lists/],
];

describe("a pattern", () => {
  test("means to the engine what it says", () => {
    const patterns = taken(SAME);
    expect(SAME.filter((pattern) => "fault" in readPattern(pattern))).toEqual([]);
    expect(differences(patterns, NAMES)).toEqual([]);
  });

  test.each(FAULTS)("%s is refused, with what to write instead", (pattern, fault, hint) => {
    const read = readPattern(pattern);
    expect("fault" in read && [read.fault, read.hint]).toEqual([
      expect.stringMatching(fault),
      expect.stringMatching(hint),
    ]);
  });

  test("made up at random, means the same or is refused", () => {
    const part = fc.constantFrom(
      ..."a b A 0 _ . - ^ $ \\. \\d \\D \\w \\W [ab] [^ab] [\\d_] [^\\w.] [a-z] []a] [^] [a\\]] ( (?: ) | * + ? *? {2} {1,2} {0} \\^ \\[ ] { }".split(
        " ",
      ),
    );
    const pattern = fc.array(part, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(""));
    const patterns = taken(fc.sample(pattern, { numRuns: 20_000, seed: 11 }));
    expect(patterns.length).toBeGreaterThan(3_000);
    expect(differences(patterns, NAMES)).toEqual([]);
  });
});
