import { AppError } from "../../core/error.ts";

/** The sensor's executable as this Console can give it. */
export interface SensorExecutable {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** As `uname -m` says it. */
  readonly arch: string;
  open(): Blob | ReadableStream<Uint8Array>;
}

/** Where the executable comes from: the head of the running file, or undefined when there is none (running from source). */
export type SensorDownload = () => Promise<SensorExecutable | undefined>;

/** The executable for an architecture; throws AppError `not_found` when this Console carries another or none. */
export async function findExecutable(download: SensorDownload, arch: string | undefined): Promise<SensorExecutable> {
  const executable = await download();
  if (!executable)
    throw new AppError("not_found", "This Console carries no sensor executable.", {
      hint: "It runs from source; build the executable and run that.",
    });
  if (arch !== undefined && arch !== executable.arch)
    throw new AppError("not_found", `This Console carries the sensor for ${executable.arch} only.`, {
      hint: "Copy the file for the node's architecture to it by hand and use the manual command.",
    });
  return executable;
}
