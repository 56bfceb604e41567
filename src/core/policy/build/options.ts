import type { PolicyOptions } from "../model.ts";
import { quoted, suggest, type Hint } from "../problems.ts";
import type { PolicySpec } from "../schema/policy.ts";
import { parseInteger } from "../value/integer.ts";
import type { Context } from "./context.ts";

type OptionSpec = NonNullable<PolicySpec["options"]>[number];
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const NAMES = [
  "disable-kprobe-multi",
  "disable-uprobe-multi",
  "policy-mode",
  "override-method",
  "sleepable-preload-size",
] as const;

/** Reads spec.options; an unknown option is left out with a warning. */
export function buildOptions(specs: readonly OptionSpec[], ctx: Context): PolicyOptions {
  const options: Mutable<PolicyOptions> = { disableKprobeMulti: false, disableUprobeMulti: false };
  for (const spec of specs) if (!ctx.source.isBroken(spec)) readOption(spec, options, ctx);
  return options;
}

function readOption(spec: OptionSpec, options: Mutable<PolicyOptions>, ctx: Context): void {
  const value = spec.value ?? "";
  switch (NAMES.find((name) => name === spec.name)) {
    case "disable-kprobe-multi":
      options.disableKprobeMulti = readSwitch(spec, value, ctx);
      break;
    case "disable-uprobe-multi":
      options.disableUprobeMulti = readSwitch(spec, value, ctx);
      if (options.disableUprobeMulti) unused(spec, "uprobes are always put in one by one", ctx);
      break;
    case "policy-mode":
      if (value === "enforce" || value === "monitor") options.policyMode = value;
      else refuse(spec, value, suggest(value, ["enforce", "monitor"]), ctx);
      break;
    case "override-method":
      if (value === "fmod-ret") options.overrideMethod = "fmodRet";
      else if (value === "override-return") options.overrideMethod = "overrideReturn";
      else refuse(spec, value, suggest(value, ["fmod-ret", "override-return"]), ctx);
      unused(spec, "the engine takes the best method the host has, and says which", ctx);
      break;
    case "sleepable-preload-size": {
      const size = parseInteger(value, "decimal");
      if (size !== undefined && size > 0n && size <= 0x7fffffffn) options.sleepablePreloadSize = Number(size);
      else refuse(spec, value, "Write a number above 0.", ctx);
      unused(spec, "the engine has no preload", ctx);
      break;
    }
    case undefined:
      ctx.warn(
        "options.unknown",
        spec,
        "name",
        `No option is called ${quoted(spec.name)}; it does nothing.`,
        suggest(spec.name, NAMES),
      );
  }
}

function unused(spec: OptionSpec, why: string, ctx: Context): void {
  ctx.warn("options.unused", spec, "name", `The option ${quoted(spec.name)} does nothing here: ${why}.`);
}

function readSwitch(spec: OptionSpec, value: string, ctx: Context): boolean {
  if (/^(1|t|T|true|True|TRUE)$/.test(value)) return true;
  if (!/^(0|f|F|false|False|FALSE)$/.test(value)) refuse(spec, value, "Write true or false.", ctx);
  return false;
}

function refuse(spec: OptionSpec, value: string, hint: Hint, ctx: Context): void {
  const message = `The option ${quoted(spec.name)} can't be ${quoted(value)}.`;
  ctx.error("options.value", spec, "value", message, hint);
}
