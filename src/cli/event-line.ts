/*
 * One line of the engine for a person to read. Everything in it may have been chosen by whoever is watched: nothing of it
 * may reach the terminal as anything but text.
 */
const MAX_ARG_CHARS = 120;
const MAX_LINE_CHARS = 600;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;

type Fields = Readonly<Record<string, unknown>>;

const asObject = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
const asText = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "number" ? `${value}` : "";

/** Text without anything a terminal acts on. */
function plain(text: string, most: number): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return cut.replace(UNPRINTABLE, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
}

function quoted(text: string): string {
  return `"${plain(text, MAX_ARG_CHARS)}"`;
}

function end(address: unknown, port: unknown): string {
  const host = asText(address);
  return port === undefined ? host : `${host.includes(":") ? `[${host}]` : host}:${asText(port)}`;
}

function socket(value: Fields): string {
  const protocol = asText(value["protocol"]).replace("IPPROTO_", "");
  const from = end(value["saddr"], value["sport"]);
  return `${protocol} ${from} → ${end(value["daddr"], value["dport"])}`.trim();
}

function bytes(base64: string): string {
  return quoted(Buffer.from(base64, "base64").toString("utf8"));
}

/** Fields that say what a compound argument is, most telling first. */
const NAMES = ["path", "name", "Message", "MapName", "ProgName", "KprobeFunc", "id", "value"] as const;

function argument(arg: unknown): string {
  const fields = asObject(arg);
  const key = Object.keys(fields).find((k) => k !== "label");
  if (key === undefined) return "?";
  const value = fields[key];
  const label = asText(fields["label"]);
  const said = plain(argumentValue(key, value), MAX_ARG_CHARS + 64);
  return label === "" ? said : `${plain(label, 40)}=${said}`;
}

function argumentValue(key: string, value: unknown): string {
  if (key === "bytes_arg") return bytes(asText(value));
  if (key === "truncated_bytes_arg") return bytes(asText(asObject(value)["bytes_arg"]));
  if (key === "string_arg") return quoted(asText(value));
  if (typeof value === "string" || typeof value === "number") return `${value}`;
  const object = asObject(value);
  if (key === "sock_arg" || key === "skb_arg") return socket(object);
  if (key === "sockaddr_arg") return end(object["addr"], object["port"]);
  const name = NAMES.map((n) => object[n]).find((v) => v !== undefined);
  return name === undefined ? JSON.stringify(value) : asText(name);
}

function place(event: Fields): string {
  if (event["function_name"] !== undefined) return asText(event["function_name"]);
  if (event["subsys"] !== undefined) return `${asText(event["subsys"])}/${asText(event["event"])}`;
  const at = [event["provider"], event["symbol"] ?? event["name"] ?? event["offset"]].filter((v) => v !== undefined);
  return [asText(event["path"]), ...at.map(asText)].join(":");
}

function who(event: Fields): string {
  const process = asObject(event["process"]);
  const binary = asText(process["binary"]);
  return `${plain(binary.slice(binary.lastIndexOf("/") + 1), 40)}[${asText(process["pid"])}]`;
}

/** "12:03:04.123" of an RFC 3339 time, in UTC as it stands. */
function clock(time: unknown): string {
  return /T(\d\d:\d\d:\d\d\.\d{3})/.exec(asText(time))?.[1] ?? /T(\d\d:\d\d:\d\d)/.exec(asText(time))?.[1] ?? "";
}

function action(event: Fields): string {
  const names = [event["action"], event["return_action"]]
    .map((a) => asText(a).replace("KPROBE_ACTION_", "").toLowerCase())
    .filter((a) => a !== "" && a !== "post" && a !== "unknown");
  return names.length === 0 ? "" : ` → ${plain([...new Set(names)].join(", "), 60)}`;
}

export interface EventLine {
  readonly text: string;
  /** Empty when the event is not a policy's. */
  readonly policy: string;
}

/** A line of the engine in one line for people; undefined when it is not one. */
export function eventLine(line: string): EventLine | undefined {
  let fields: Fields;
  try {
    fields = asObject(JSON.parse(line));
  } catch {
    return undefined;
  }
  const kind = Object.keys(fields).find((k) => k.startsWith("process_") || k === "engine_loss");
  if (kind === undefined) return undefined;
  const event = asObject(fields[kind]);
  if (kind === "engine_loss") {
    const text = `${clock(fields["time"])}  lost ${asText(event["count"])} (${plain(asText(event["cause"]), 40)})`;
    return { text, policy: "" };
  }
  const args = Array.isArray(event["args"]) ? event["args"].map(argument).join(", ") : "";
  const result = event["return"] === undefined ? "" : ` = ${argument(event["return"])}`;
  const policy = asText(event["policy_name"]);
  const message = asText(event["message"]);
  const call = `${plain(place(event), 200)}(${args})${result}${action(event)}`;
  const text = `${clock(fields["time"])}  ${who(event)}  ${call}${message === "" ? "" : `  # ${plain(message, 256)}`}`;
  return {
    text: text.length > MAX_LINE_CHARS ? `${text.slice(0, MAX_LINE_CHARS)}…` : text,
    policy: plain(policy, 256),
  };
}
