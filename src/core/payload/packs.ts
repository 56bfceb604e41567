import { zstdDecompressSync } from "node:zlib";
import { Type } from "typebox";
import { compile } from "../check.ts";
import { AppError, errorMessage } from "../error.ts";
import { sha256Hex } from "../ids.ts";
import { PolicyName } from "../policy/pack/common.ts";
import { SelfTestStep } from "../policy/pack/self-test.ts";
import type { EmbeddedPack } from "./embedded-files.ts";

/** Plans are a few KiB each; a pack has at most 128. */
const MAX_BYTES = 16 * 1024 * 1024;

const checkFile = compile(
  Type.Array(
    Type.Object({ name: PolicyName, plan: Type.String({ maxLength: MAX_BYTES }), selfTest: Type.Array(SelfTestStep) }),
    { maxItems: 128 },
  ),
);

/** A policy of a pack, compiled, and how it is tested. */
export interface PackPlan {
  readonly name: string;
  /** As the engine reads it. */
  readonly plan: Uint8Array;
  readonly selfTest: readonly SelfTestStep[];
}

/** What the build puts into a pack's file: plans as base64, in JSON. */
export function encodePackPlans(plans: readonly PackPlan[]): string {
  return JSON.stringify(plans.map((p) => ({ ...p, plan: Buffer.from(p.plan).toString("base64") })));
}

/** Plans of a pack this executable carries, in its order. AppError `unavailable` when they are damaged. */
export async function packPlans({ id, file }: EmbeddedPack): Promise<readonly PackPlan[]> {
  try {
    const bytes = await Bun.file(file.file).bytes();
    const hash = sha256Hex(bytes);
    if (hash !== file.sha256) throw new Error(`its SHA-256 is ${hash}, not ${file.sha256}`);
    const text = zstdDecompressSync(bytes, { maxOutputLength: MAX_BYTES }).toString("utf8");
    return checkFile.parse(JSON.parse(text)).map((p) => ({ ...p, plan: Buffer.from(p.plan, "base64") }));
  } catch (error) {
    throw new AppError(
      "unavailable",
      `the policies of ${id} inside this executable are damaged: ${errorMessage(error)}`,
      {
        cause: error,
        hint: "download the file again and compare its SHA-256 with the published one",
      },
    );
  }
}
