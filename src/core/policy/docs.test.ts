import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../../..");
const DOCS = readFileSync(join(ROOT, "docs/policies.md"), "utf8");
/** Rules of texts too large, too deep or too odd for a fixture; hostile.test.ts, check.test.ts and limits.test.ts try them. */
const TRIED_ELSEWHERE = [
  "yaml.encoding",
  "yaml.control-character",
  "yaml.too-large",
  "yaml.too-deep",
  "yaml.too-many-documents",
  "yaml.too-many-nodes",
  "labels.too-large",
  "policy.too-large",
  "uprobe.too-many-digests",
];

/** Every rule the checker's source names. */
function rulesInSource(): ReadonlySet<string> {
  const files = ["read", "schema", "build", "."].flatMap((dir) =>
    readdirSync(join(import.meta.dir, dir))
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
      .map((name) => readFileSync(join(import.meta.dir, dir, name), "utf8")),
  );
  const groups = new Set([...DOCS.matchAll(/^\| `([a-z-]+)\./gm)].map(([, group]) => group));
  const found = files.flatMap((text) => [...text.matchAll(/"([a-z-]+)\.([a-z0-9-]+)"/g)]);
  return new Set(found.filter(([, group]) => groups.has(group!)).map(([, group, rule]) => `${group}.${rule}`));
}

function rulesInDocs(part: string): readonly string[] {
  return [...part.matchAll(/^\| `([a-z-]+\.[a-z0-9-]+)` \|/gm)].map(([, rule]) => rule!);
}

describe("docs/policies.md", () => {
  const [errors = "", warnings = ""] = DOCS.slice(DOCS.indexOf("## Rules")).split("\nWarnings:\n");

  test("names every rule there is, and no other", () => {
    expect([...new Set([...rulesInDocs(errors), ...rulesInDocs(warnings)])].toSorted()).toEqual(
      [...rulesInSource()].toSorted(),
    );
  });

  test("every error it names is tried", () => {
    const fixtures = join(ROOT, "test/fixtures/policies/invalid");
    const tried = readdirSync(fixtures).map(
      (name) => /^# refused: \S+ (\S+)/.exec(readFileSync(join(fixtures, name), "utf8"))?.[1],
    );
    const untried = rulesInDocs(errors).filter((rule) => !tried.includes(rule) && !TRIED_ELSEWHERE.includes(rule));
    expect(untried).toEqual([]);
  });
});
