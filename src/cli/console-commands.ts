import type { CommandSpec, FlagSpec } from "./command.ts";

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
  {
    name: "console token create",
    summary: "Make a one-time enrolment token on the Console's host.",
    flags: [
      DATA_DIR,
      { name: "node-name", value: "name", help: "Name the node will have." },
      { name: "role", value: "role", help: "Role the node is declared as." },
      { name: "flavor", value: "standard|telecom", help: "Flavour of the sensor." },
      { name: "json", help: "Print JSON." },
    ],
    examples: ["telovix console token create --node-name db-17"],
    load: () => import("./console-token-create.ts"),
  },
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
