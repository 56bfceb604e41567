import type { CommandSpec } from "./command.ts";

/** `telovix verify`; it needs no Console and no network. */
export const VERIFY: CommandSpec = {
  name: "verify",
  summary: "Check an exported range of events against its signed roots.",
  description:
    "Recomputes every hash of a file from 'Export' on the Losses page (GET /api/v1/integrity/export) and says what it proves:\nthat the events are those the Console received, in order, and which are missing and why.\nExit code 0: proven; 3: whole, but no key was given, or a part is not signed yet or gone from the store; 1: not genuine, with the exact place.",
  args: "file",
  flags: [
    {
      name: "key",
      value: "file",
      help: "The Console's public key, trust/integrity-signing.pub.pem. Without it the file is only compared with itself.",
    },
    { name: "json", help: "Print JSON." },
  ],
  examples: ["telovix verify db-17.ndjson --key integrity-signing.pub.pem"],
  load: () => import("./verify.ts"),
};
