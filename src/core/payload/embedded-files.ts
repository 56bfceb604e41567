import type { PackManifest } from "../policy/pack/manifest.ts";
import type { PolicyMetadata } from "../policy/pack/metadata.ts";

/** A file that the executable carries; `file` is readable by Bun.file both compiled and from sources. */
export interface EmbeddedFile {
  readonly file: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** A file of the web UI. */
export interface UiAsset extends EmbeddedFile {
  /** Path under which it is served, such as "/assets/main-1a2b3c.js"; "/index.html" is the page itself. */
  readonly path: string;
  readonly contentType: string;
  /** True when the name changes with the content, so that it may be cached for ever. */
  readonly immutable: boolean;
  /** The same content, compressed; absent where that saves nothing. */
  readonly gzip: EmbeddedFile | undefined;
  readonly zstd: EmbeddedFile | undefined;
}

/** What has to be known of a pack's policy to load it and to read its events. */
export interface EmbeddedPolicy extends Pick<
  PolicyMetadata,
  "title" | "severity" | "severities" | "kind" | "kinds" | "fallbackOf" | "coveredBy"
> {
  readonly name: string;
  /** ATT&CK and FiGHT. */
  readonly techniques: readonly string[];
  /** What it does where enforcement is on: stop something, or tell like anywhere else. */
  readonly mode: "enforce" | "monitor";
}

/** A pack of policies, compiled. */
export interface EmbeddedPack extends Pick<PackManifest, "id" | "version" | "title" | "enforcementCapable"> {
  /** In the order they are loaded. */
  readonly policies: readonly EmbeddedPolicy[];
  /** Plans and self-tests: what `packPlans` reads. */
  readonly file: EmbeddedFile;
}

/** What build.ts writes into embed/manifest.ts. */
export interface Manifest {
  /** File name → text of the migrations. */
  readonly postgresMigrations: Readonly<Record<string, string>>;
  readonly clickhouseMigrations: Readonly<Record<string, string>>;
  readonly uiAssets: readonly UiAsset[];
  readonly packs: readonly EmbeddedPack[];
  /** The engine's archive (zstd tar with the one file `telovix-engine`); undefined until it was built. */
  readonly engine: EmbeddedFile | undefined;
}
