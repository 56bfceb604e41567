import type { Flavor } from "../core/wire/enroll.ts";
import { textFlag, type Flags } from "./command.ts";
import { UsageError } from "./parse.ts";

/** The flavour of a sensor that a call names; undefined when it names none. */
export function flavorOf(flags: Flags): Flavor | undefined {
  const flavor = textFlag(flags, "flavor");
  if (flavor === undefined || flavor === "standard" || flavor === "telecom") return flavor;
  throw new UsageError(`There is no flavour '${flavor}'.`, "It is standard or telecom.");
}
