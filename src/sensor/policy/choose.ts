import { AppError } from "../../core/error.ts";
import type { EmbeddedPack } from "../../core/payload/embedded-files.ts";

/**
 * The packs of these names, in the order given. AppError `invalid_request` when one is not there, or two hold policies of
 * the same name.
 */
export function choosePacks(ids: readonly string[], packs: readonly EmbeddedPack[]): readonly EmbeddedPack[] {
  const chosen = [...new Set(ids)].map((id) => {
    const pack = packs.find((p) => p.id === id);
    if (pack) return pack;
    throw new AppError("invalid_request", `There is no pack '${id.slice(0, 64)}'.`, {
      pointer: "/packs",
      hint: `It is none, or any of ${packs.map((p) => p.id).join(", ")}.`,
    });
  });
  const names = chosen.flatMap((pack) => pack.policies.map((policy) => policy.name));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new AppError("invalid_request", `Two of the packs hold a policy named ${twice}.`, {
      hint: "Choose one of them.",
    });
  return chosen;
}
