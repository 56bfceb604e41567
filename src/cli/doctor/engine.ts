import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manifest } from "../../../embed/manifest.ts";
import { errorMessage } from "../../core/error.ts";
import { unpackEngine } from "../../core/payload/engine.ts";
import type { Finding } from "./finding.ts";

const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;

/** The engine's answer to `probe --json`, as far as it is read here. */
interface Probe {
  readonly programs?: readonly { readonly kind: string; readonly status: string; readonly reason?: string }[];
  readonly backends?: readonly {
    readonly sensor: string;
    readonly backend: string;
    readonly status: string;
    readonly reason?: string;
  }[];
}

function probe(engine: string, signal: AbortSignal): Promise<Probe> {
  return new Promise((resolve, reject) => {
    execFile(
      engine,
      ["probe", "--json"],
      { signal, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout, stderr) => {
        // The engine says what is in the way on stderr, in a sentence.
        if (error && !stdout) return reject(new Error(stderr.trim().split("\n").at(-1) || error.message));
        try {
          resolve(JSON.parse(stdout) as Probe);
        } catch (cause) {
          reject(new Error("the engine's answer could not be read", { cause }));
        }
      },
    );
  });
}

function findings(result: Probe): Finding[] {
  const programs = (result.programs ?? []).map((k): Finding =>
    k.status === "ok"
      ? { name: `hook ${k.kind}`, status: "ok", message: "Works." }
      : { name: `hook ${k.kind}`, status: "limited", message: `Does not work here: ${k.reason ?? "no reason given"}.` },
  );
  const sensors = (result.backends ?? []).map((s): Finding =>
    s.status === "ok"
      ? { name: `sensor ${s.sensor}`, status: "ok", message: `Watched through ${s.backend}.` }
      : {
          name: `sensor ${s.sensor}`,
          status: s.status === "degraded" ? "limited" : "missing",
          message: `${s.backend}: ${s.reason ?? s.status}.`,
        },
  );
  return [...programs, ...sensors];
}

/** Lets the engine try each hook mechanism on this kernel. */
export async function checkEngine(signal: AbortSignal): Promise<Finding[]> {
  const dir = await mkdtemp(join(tmpdir(), "telovix-doctor-"));
  try {
    return findings(await probe(await unpackEngine(manifest.engine, dir), signal));
  } catch (error) {
    return [
      { name: "engine", status: "missing", message: `The engine could not try this kernel: ${errorMessage(error)}.` },
    ];
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
