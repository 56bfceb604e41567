import { open, type FileHandle } from "node:fs/promises";
import { AppError } from "../error.ts";
import { isCompiled } from "../self-command.ts";
import { ELF_HEADER_BYTES, elfSize } from "./elf.ts";
import { decodeTrailer, TRAILER_BYTES, type Trailer } from "./trailer.ts";

// The kernel's own link: right even after the file on disk was replaced by an upgrade.
const OWN_FILE = "/proc/self/exe";

/** Our own executable: its head (what nodes download) and, if it carries one, its payload. */
export interface OwnExecutable {
  readonly file: string;
  readonly headBytes: number;
  readonly payload: Trailer | undefined;
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  const { bytesRead } = await handle.read(bytes, 0, length, Math.max(0, position));
  return bytes.subarray(0, bytesRead);
}

function damaged(reason: string): AppError {
  return new AppError("unavailable", `this executable is damaged: ${reason}`, {
    hint: "download it again and compare its SHA-256 with the published one",
  });
}

/** Looks at both ends of an executable. Throws AppError `unavailable` when they do not fit together, as after a broken download. */
export async function inspectExecutable(file: string): Promise<OwnExecutable> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    const headBytes = elfSize(await readAt(handle, 0, ELF_HEADER_BYTES));
    if (headBytes === undefined) throw damaged("it does not begin as a program");
    if (headBytes === size) return { file, headBytes, payload: undefined };
    const found = decodeTrailer(await readAt(handle, size - TRAILER_BYTES, TRAILER_BYTES), size);
    switch (found.kind) {
      case "none":
        throw damaged("its end is missing, so the databases in it are not whole");
      case "broken":
        throw damaged(found.reason);
      case "found":
        if (found.trailer.offset !== headBytes) throw damaged("its payload does not begin where its program ends");
        return { file, headBytes, payload: found.trailer };
      default: {
        const never: never = found;
        throw new Error(String(never));
      }
    }
  } finally {
    await handle.close();
  }
}

/** Our own executable. AppError `unavailable` when we run from sources. */
export async function ownExecutable(): Promise<OwnExecutable> {
  if (!isCompiled())
    throw new AppError("unavailable", "this Console runs from sources and has no executable to hand out", {
      hint: "build one with `make build` and start dist/telovix",
    });
  return inspectExecutable(OWN_FILE);
}
