import { expect, test } from "bun:test";

const css = await Bun.file(new URL("./tokens.css", import.meta.url)).text();

function declarations(block: string | undefined): Map<string, string> {
  return new Map([...(block ?? "").matchAll(/(--[a-z0-9-]+|color-scheme):\s*([^;]+);/g)].map((m) => [m[1]!, m[2]!]));
}

test("the dark column chosen by hand equals the system's, and names what the light one names", () => {
  const system = declarations(/:root:not\(\[data-theme="light"\]\) \{([^}]*)\}/.exec(css)?.[1]);
  const chosen = declarations(/:root\[data-theme="dark"\] \{([^}]*)\}/.exec(css)?.[1]);
  const light = declarations(/\n:root \{([^}]*)\}/.exec(css)?.[1]);
  expect(system.size).toBeGreaterThan(30);
  expect(Object.fromEntries(chosen)).toEqual(Object.fromEntries(system));
  const coloured = [...light].filter(([, value]) => value.includes("oklch")).map(([name]) => name);
  expect([...system.keys()].filter((name) => name !== "color-scheme").toSorted()).toEqual(coloured.toSorted());
});

test("raw colours stand in the tokens only", async () => {
  for (const name of new Bun.Glob("*.css").scanSync(import.meta.dir)) {
    if (name === "tokens.css") continue;
    const text = await Bun.file(`${import.meta.dir}/${name}`).text();
    expect({ name, raw: text.match(/#[0-9a-f]{3,8}\b|oklch\(|rgba?\(|hsl\(/gi) }).toEqual({ name, raw: null });
  }
});
