import type { CommandSpec, FlagSpec } from "./command.ts";
import { trustCommands } from "./trust-commands.ts";

const DATA_DIR: FlagSpec = {
  name: "data-dir",
  value: "dir",
  help: "Where state, keys and embedded stores are kept. Default: /var/lib/telovix-console.",
};

/** Commands of the Console role. */
export const CONSOLE_COMMANDS: readonly CommandSpec[] = [
  {
    name: "console serve",
    summary: "Run the Console: control plane, web UI and stores.",
    description:
      "On an empty data directory it makes its own CA and certificates, starts PostgreSQL and the ClickHouse engine\nit carries, and prints a one-time link to set it up. No default password exists.",
    flags: [
      DATA_DIR,
      { name: "config", value: "file", help: "YAML file with the same settings; flags win over it." },
      { name: "listen", value: "address", help: "Address to listen on. Default: all." },
      { name: "port", value: "number", help: "Port for browsers and sensors. Default: 15483." },
      { name: "public-url", value: "url", help: "Address under which browsers and nodes reach this Console." },
      { name: "tls-cert", value: "file", help: "Server certificate chain (PEM) instead of the self-made one." },
      { name: "tls-key", value: "file", help: "Its private key (PEM)." },
      { name: "postgres-url", value: "url", help: "Use this PostgreSQL (15 or newer) instead of the embedded one." },
      {
        name: "clickhouse-url",
        value: "url",
        help: "Use this ClickHouse (24.8 or newer) instead of the embedded engine.",
      },
      {
        name: "redpanda-url",
        value: "url",
        help: "Have events go by this Kafka or Redpanda cluster: kafka://broker:9092,… (kafkas:// for TLS).",
      },
      {
        name: "redis-url",
        value: "url",
        help: "Redis that replicas share limits and live news through: redis://[:password@]host:6379 (rediss:// for TLS).",
      },
      { name: "workers", value: "number", help: "Processes that serve the port, 1 to 16. Default: 1." },
      {
        name: "disk-warn-percent",
        value: "number",
        help: "Free space below which the disk counts as nearly full. Default: 10.",
      },
      {
        name: "disk-drop-older-than-days",
        value: "number",
        help: "On a full disk, drop weeks of events older than this. Default: drop none; sensors keep new ones.",
      },
      { name: "local-sensor", help: "Also protect this host: a sensor that enrols itself once set-up is complete." },
      {
        name: "log-format",
        value: "text|json",
        help: "Log lines for people or for machines. Default: text on a terminal, else json.",
      },
      { name: "log-level", value: "level", help: "debug, info, warn or error. Default: info." },
    ],
    examples: [
      "telovix console serve --local-sensor",
      "telovix console serve --data-dir /srv/telovix --public-url https://console.example.net:15483",
      "telovix console serve --postgres-url postgres://telovix@db/telovix --clickhouse-url http://telovix:secret@ch:8123/telovix",
    ],
    load: () => import("./console-serve.ts"),
  },
  ...trustCommands(DATA_DIR),
  {
    name: "console status",
    summary: "Say how the Console on this host is doing.",
    flags: [DATA_DIR, { name: "json", help: "Print JSON." }],
    load: () => import("./console-status.ts"),
  },
  {
    name: "console setup-link",
    summary: "Print a fresh one-time set-up link, while set-up is not complete.",
    flags: [DATA_DIR, { name: "json", help: "Print JSON." }],
    load: () => import("./console-setup-link.ts"),
  },
];
