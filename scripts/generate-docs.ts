import { INTERVALS, LIMITS } from "../src/core/wire/limits.ts";
import { PROTOCOL_VERSION } from "../src/core/wire/version.ts";
import { packsDoc } from "./packs-doc.ts";
import { EXAMPLES } from "./protocol-examples.ts";
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
  if (node.type === "array" && node.items)
    return `list of ${node.items.properties ? "objects" : (node.items.type ?? "values")}`;
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
    const lines = kinds.map(
      ([name, info]) =>
        `| \`${name}\` | ${info.severity} | ${info.title} | ${info.description} | ${info.mitre.join(", ")} |`,
    );
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

/** Text of docs/protocol.md, from the wire's schemas and checked examples. */
export function protocolDoc(): string {
  const limits = Object.entries(LIMITS).map(([name, value]) => `| \`${name}\` | ${value.toLocaleString("en")} |`);
  const rhythm = Object.entries(INTERVALS).map(([name, value]) => `| \`${name}\` | ${value.toLocaleString("en")} |`);
  const messages = EXAMPLES.map(
    (e) =>
      `### ${e.name}\n\n${e.words ? `${e.words}\n\n` : ""}\`\`\`json\n${JSON.stringify(e.value, null, 2)}\n\`\`\`\n`,
  );
  return `# Protocol, version ${PROTOCOL_VERSION}

Generated from \`src/core/wire\` by \`bun scripts/generate-docs.ts\`; each example is checked against its schema by a test, and a hash
test insists on a new version when a schema changes.

Sensor and Console talk HTTP/1.1 over TLS 1.2 or newer on one port; the sensor proves its certificate in the handshake. Bodies are MessagePack
(\`application/msgpack\`) or JSON, zstd-compressed with \`Content-Encoding: zstd\`. The stream is a WebSocket at \`/api/v1/sensors/stream\`: binary
frames of zstd-compressed MessagePack, the Console's ping as a JSON text frame. Paths under \`/api/v1/sensors/\` also answer under \`/sensors/\`.

An event is named by (sensor, epoch, seq). \`seq\` starts at 1 with each epoch, grows by one, and is given when the event enters the spool. The
Console acknowledges the highest \`seq\` up to which everything is durable (or known to be missing); only then the sensor lets go. A repeated
event is dropped by the Console. Unknown certificate: 401 \`invalid_sensor_trust\`. Revoked: 403 \`sensor_revoked\`. Too large: 413 before
parsing. Wrong shape: 400 with \`pointer\`. Store slow or down: 503 with Retry-After, or credit 0 on the stream. A
sensor with more under way than its share: 429 with Retry-After. A batch that begins behind numbers the Console has not seen: 503; when the
sensor begins there again a second later, they are gone, and the ledger says so.

## Limits

| limit | value |
|---|---|
${limits.join("\n")}

## Rhythm

| interval | value |
|---|---|
${rhythm.join("\n")}

## Messages

${messages.join("\n")}`;
}

if (import.meta.main) {
  await Bun.write(new URL("../docs/events.md", import.meta.url), eventsDoc());
  await Bun.write(new URL("../docs/protocol.md", import.meta.url), protocolDoc());
  await Bun.write(new URL("../docs/packs.md", import.meta.url), await packsDoc());
}
