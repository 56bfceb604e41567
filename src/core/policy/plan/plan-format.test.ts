import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fieldBytes, LAYOUTS, RECORD_NAMES, SECTION_NAMES, SECTIONS, type Field } from "./layout.ts";

/* docs/plan-format.md says what the table says. */
const text = readFileSync(join(import.meta.dir, "../../../../docs/plan-format.md"), "utf8");

function section(name: string): string {
  const [, body] = new RegExp(`\\n## ${name}\\n([\\s\\S]*?)(?=\\n## |$)`).exec(text) ?? [];
  if (body === undefined) throw new Error(`docs/plan-format.md has no section '${name}'`);
  return body;
}

/** Cells of a section's table rows that begin with a number. */
function rows(body: string): string[][] {
  return [...body.matchAll(/^\| (\d+ \|.*)\|$/gm)].map(([, cells]) => cells!.split("|").map((c) => c.trim()));
}

function typeWord(field: Field): string {
  if (field.is === "pad") return "";
  return field.is === "maybe" || field.is === "one" ? "index" : field.is;
}

function names(field: Field): string | undefined {
  if (field.is === "enum") return field.names.map((name, i) => `${i + field.first} ${name}`).join(", ");
  if (field.is !== "flags") return undefined;
  return Object.entries(field.names)
    .map(([name, bit]) => `0x${bit.toString(16)} ${name}`)
    .join(", ");
}

describe.each(RECORD_NAMES)("%s", (name) => {
  const { fields } = LAYOUTS[name];

  test("the table of its fields", () => {
    const said = rows(section(name)).map((cells) => cells.slice(0, 4));
    expect(said).toEqual(
      fields.map(({ name: n, offset, field }) => [`${offset}`, `${fieldBytes(field)}`, n, typeWord(field)]),
    );
  });

  test("the values of its fields", () => {
    const said = [...section(name).matchAll(/^(\w+): ((?:0x)?[0-9a-f]+ \w+(?:, (?:0x)?[0-9a-f]+ \w+)*)\.$/gm)];
    const expected = fields.flatMap(({ field }) => names(field) ?? []);
    expect(said.map(([, field, list]) => [field, list])).toEqual(
      fields.filter(({ field }) => names(field) !== undefined).map(({ name: n }, i) => [n, expected[i]!]),
    );
  });
});

test("the table of sections", () => {
  const said = [...section("The file").matchAll(/^\| ([a-z]+) \| (\d+) \| (\d+) \|$/gm)].map((m) => m.slice(1));
  const size = (name: (typeof SECTION_NAMES)[number]): number => (name === "text" ? 1 : LAYOUTS[name].size);
  expect(said).toEqual(SECTION_NAMES.map((name) => [name, `${size(name)}`, `${SECTIONS[name]}`]));
});
