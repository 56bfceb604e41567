import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compile } from "../../core/check.ts";
import { AppError } from "../../core/error.ts";
import { Type, type Static } from "typebox";

const Key = Type.Object({ node_name: Type.String(), key: Type.String(), csr: Type.String() });
export type SimKey = Static<typeof Key>;

const Identity = Type.Object({
  node_name: Type.String(),
  sensor_id: Type.String(),
  serial: Type.String(),
  expires_at: Type.String(),
  cert: Type.String(),
});
export type SimIdentity = Static<typeof Identity>;

const Place = Type.Object({ hostname: Type.String(), port: Type.Integer(), ca: Type.String() });
export type SimPlace = Static<typeof Place>;

const Run = Type.Object({
  run: Type.Integer({ minimum: 1 }),
  seed: Type.Integer({ minimum: 0 }),
  /** Last number of each sensor's bulk and alert lane; null while it runs, and when it was cut off. */
  last: Type.Union([Type.Array(Type.Tuple([Type.Integer(), Type.Integer()])), Type.Null()]),
});
export type SimRun = Static<typeof Run>;

const checks = { key: compile(Key), identity: compile(Identity), place: compile(Place), run: compile(Run) };
const FILES = {
  keys: "keys.jsonl",
  identities: "identities.jsonl",
  place: "console.json",
  runs: "runs.jsonl",
} as const;

/** What a simulated fleet keeps between runs, so that the next one starts at once. Keys in it are of no real node. */
export class SimState {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  async #lines(name: string): Promise<unknown[]> {
    const text = await readFile(join(this.dir, name), "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    try {
      return text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as unknown);
    } catch (cause) {
      throw new AppError("invalid_request", `${join(this.dir, name)} is damaged`, {
        cause,
        hint: "Remove the simulator's state directory; it is made anew.",
      });
    }
  }

  async #write(name: string, text: string): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const path = join(this.dir, name);
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  async keys(): Promise<SimKey[]> {
    return (await this.#lines(FILES.keys)).map((v) => checks.key.parse(v));
  }

  async identities(): Promise<SimIdentity[]> {
    return (await this.#lines(FILES.identities)).map((v) => checks.identity.parse(v));
  }

  async place(): Promise<SimPlace | undefined> {
    const [value] = await this.#lines(FILES.place);
    return value === undefined ? undefined : checks.place.parse(value);
  }

  /** Oldest first. */
  async runs(): Promise<SimRun[]> {
    return (await this.#lines(FILES.runs)).map((v) => checks.run.parse(v));
  }

  saveKeys(keys: readonly SimKey[]): Promise<void> {
    return this.#write(FILES.keys, keys.map((k) => `${JSON.stringify(k)}\n`).join(""));
  }

  saveIdentities(identities: readonly SimIdentity[]): Promise<void> {
    return this.#write(FILES.identities, identities.map((k) => `${JSON.stringify(k)}\n`).join(""));
  }

  savePlace(place: SimPlace): Promise<void> {
    return this.#write(FILES.place, `${JSON.stringify(place)}\n`);
  }

  saveRuns(runs: readonly SimRun[]): Promise<void> {
    return this.#write(FILES.runs, runs.map((r) => `${JSON.stringify(r)}\n`).join(""));
  }
}
