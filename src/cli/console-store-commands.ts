import type { CommandSpec, FlagSpec } from "./command.ts";

const DATA_DIR: FlagSpec = {
  name: "data-dir",
  value: "dir",
  help: "Where state, keys and embedded stores are kept. Default: /var/lib/telovix-console.",
};
const CONFIG: FlagSpec = { name: "config", value: "file", help: "The Console's configuration file, if it has one." };
const JSON_FLAG: FlagSpec = { name: "json", help: "Print JSON." };
const PASSPHRASE: FlagSpec = {
  name: "passphrase-file",
  value: "file",
  help: "File whose first line is the passphrase.",
};

const COMMANDS: readonly CommandSpec[] = [
  {
    name: "console store migrate",
    summary: "Copy a stopped Console's stores into other ones.",
    description:
      "Copies PostgreSQL, ClickHouse or both to the servers named, and compares both ends by counts and hashes.\nIt may be killed and started again at any time: it goes on where it was and doubles nothing.\nExit code 3: both ends differ.",
    flags: [
      DATA_DIR,
      CONFIG,
      { name: "postgres-url", value: "url", help: "Empty PostgreSQL database (15 or newer) to copy the state into." },
      {
        name: "clickhouse-url",
        value: "url",
        help: "Empty ClickHouse database (24.8 or newer) to copy the events into.",
      },
      { name: "verify-only", help: "Copy nothing; compare." },
      JSON_FLAG,
    ],
    examples: [
      "telovix console store migrate --postgres-url postgres://telovix@db/telovix --clickhouse-url http://telovix:secret@ch:8123/telovix",
    ],
    load: () => import("./console-store-migrate.ts"),
  },
  {
    name: "console backup",
    summary: "Write state, keys and, if wanted, events into one file.",
    description:
      "Works while the Console runs. State is one consistent snapshot. With a passphrase the file is encrypted\n(AES-256-GCM, key by scrypt); without one it holds the private keys only when told so.",
    args: "<file.tlvx|directory>",
    flags: [
      DATA_DIR,
      CONFIG,
      PASSPHRASE,
      { name: "events", value: "all|7d|date", help: "Also events, all or since then. Default: none." },
      { name: "no-keys", help: "Leave the trust directory out." },
      { name: "plain-keys", help: "Write the private keys unencrypted." },
      JSON_FLAG,
    ],
    examples: [
      "telovix console backup /srv/backup --passphrase-file /root/backup.pass",
      "telovix console backup full.tlvx --events all --passphrase-file /root/backup.pass",
    ],
    load: () => import("./console-backup.ts"),
  },
  {
    name: "console restore",
    summary: "Bring a backup back, into an empty data directory.",
    description:
      "The whole file is checked before anything is made. A damaged file and one of a newer version are refused.",
    args: "<file.tlvx>",
    flags: [
      DATA_DIR,
      CONFIG,
      PASSPHRASE,
      { name: "postgres-url", value: "url", help: "Restore the state into this empty PostgreSQL database." },
      { name: "clickhouse-url", value: "url", help: "Restore events into this empty ClickHouse database." },
      { name: "check-only", help: "Only read the file and say whether it is whole." },
      JSON_FLAG,
    ],
    examples: [
      "telovix console restore telovix.tlvx --data-dir /var/lib/telovix-console --passphrase-file /root/backup.pass",
    ],
    load: () => import("./console-restore.ts"),
  },
];

/** `telovix backup` is `telovix console backup`: whoever needs a backup in a hurry shall not have to look for it. */
const SHORT: readonly CommandSpec[] = COMMANDS.filter(({ name }) => /^console (backup|restore)$/.test(name)).map(
  (command) => ({
    ...command,
    name: command.name.slice("console ".length),
    summary: `${command.summary.slice(0, -1)} (short for '${command.name}').`,
    examples: (command.examples ?? []).map((line) => line.replace("telovix console ", "telovix ")),
  }),
);

/** Commands that move, keep and bring back what a Console holds. */
export const CONSOLE_STORE_COMMANDS: readonly CommandSpec[] = [...COMMANDS, ...SHORT];
