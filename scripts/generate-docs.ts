import { EVENT_FAMILIES, KINDS } from "../src/core/event/kinds.ts";
import { RuntimeEvent } from "../src/core/event/event.ts";

interface Node {
  readonly type?: string;
  readonly properties?: Record<string, Node>;
  readonly items?: Node;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly anyOf?: readonly { readonly const?: string }[];
}

function typeName(node: Node): string {
  if (node.anyOf) return node.anyOf.map((o) => `\`${o.const}\``).join(", ");
  if (node.enum && node.enum.length < 10) return node.enum.map((v) => `\`${v}\``).join(", ");
  if (node.type === "array" && node.items) return `list of ${node.items.properties ? "objects" : (node.items.type ?? "values")}`;
  return node.type ?? "value";
}

function rows(node: Node, prefix: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const path = `${prefix}${name}`;
    const inner = child.properties ? child : child.items?.properties ? child.items : undefined;
    const row = `| \`${path}\` | ${typeName(child)} | ${node.required?.includes(name) ? "always" : ""} |`;
    return [row, ...(inner ? rows(inner, `${path}${child.items ? "[]" : ""}.`) : [])];
  });
}

/** Text of docs/events.md, from the schema and the table of kinds. */
export function eventsDoc(): string {
  const families = EVENT_FAMILIES.map((family) => {
    const kinds = Object.entries(KINDS).filter(([, info]) => info.family === family);
    const lines = kinds.map(([name, info]) => `| \`${name}\` | ${info.severity} | ${info.title} | ${info.description} | ${info.mitre.join(", ")} |`);
    return `## ${family[0]!.toUpperCase()}${family.slice(1)}\n\n| kind | severity | title | meaning | ATT&CK |\n|---|---|---|---|---|\n${lines.join("\n")}\n`;
  });
  return `# Events

Generated from \`src/core/event\` by \`bun scripts/generate-docs.ts\`; a test keeps it true.

The severity is the one an event of the kind has unless the sensor or a rule knows better.
An event is named for ever by (sensor, epoch, seq); the Console adds tenant and sensor from the peer's certificate.

${families.join("\n")}
## Fields

| field | type | present |
|---|---|---|
${rows(RuntimeEvent as unknown as Node, "").join("\n")}
`;
}

if (import.meta.main) await Bun.write(new URL("../docs/events.md", import.meta.url), eventsDoc());
