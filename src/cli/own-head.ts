import { ownExecutable } from "../core/payload/executable.ts";
import { readHead } from "../core/payload/head.ts";
import { isCompiled } from "../core/self-command.ts";
import type { SensorDownload } from "../console/trust/download.ts";

/** What nodes download: this executable's own head, hashed once. Undefined from sources. */
export function ownHead(): SensorDownload {
  if (!isCompiled()) return () => Promise.resolve(undefined);
  const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
  let head: ReturnType<SensorDownload> | undefined;
  return () =>
    (head ??= ownExecutable()
      .then(readHead)
      .then((own) => ({ sizeBytes: own.sizeBytes, sha256: own.sha256, arch, open: () => own.stream() })));
}
