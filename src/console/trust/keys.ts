import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import type { Service } from "../../core/service.ts";
import type { Db } from "../stores/contract.ts";
import {
  makeAuthority,
  readAuthorities,
  removeAuthority,
  usableAuthority,
  type AuthorityFile,
} from "./authority-files.ts";
import { ownDirectory } from "./files.ts";
import { openKeyStore, START_ANEW, type KeyStore, type KeyStoreOptions } from "./key-store.ts";
import { readHost } from "./rotation/hosts.ts";
import { issuingId, type Standing } from "./rotation/phases.ts";
import { findStanding, insertFirst, replaceAll, saveHost, type NewAuthority } from "./rotation/store.ts";

/** A change that nobody told of is noticed within this. */
const LOOK_MS = 30_000;
/** The server's certificate is looked at so often: it ends while a Console runs for long, and an operator may put another in its place. */
const SERVER_LOOK_MS = 3_600_000;

export interface KeysOptions extends Omit<KeyStoreOptions, "nowMs" | "standing"> {
  readonly db: Db;
  readonly clock: Clock;
}

export const newAuthority = (file: AuthorityFile): NewAuthority => ({
  id: file.id,
  certificatePem: file.certPem,
  notAfter: file.certificate.notAfter,
});

async function firstFile(options: KeysOptions): Promise<AuthorityFile> {
  const nowMs = options.clock.nowMs();
  const [found] = await readAuthorities(options.dir);
  const file = found ?? (await makeAuthority(options.dir, true, nowMs, options.log));
  usableAuthority(file, nowMs);
  return file;
}

/**
 * The authorities as the database has them; at the first start on it, the one of the directory or a new one. An authority whose files
 * are gone is replaced only when somebody asks for it.
 */
async function settle(options: KeysOptions): Promise<Standing> {
  const { db, dir, log } = options;
  const found = await findStanding(db);
  if (!found) return insertFirst(db, async () => newAuthority(await firstFile(options)));
  const issuing = issuingId(found);
  if ((await readAuthorities(dir)).some((file) => file.id === issuing)) return found;
  const marker = join(dir, START_ANEW);
  const asked = await stat(marker).then(
    () => true,
    () => false,
  );
  // Not by itself, even without sensors: two Consoles with a directory each would take turns.
  if (!asked) return found;
  log.warn("the Console's authority is not in its directory; another one takes its place", { lost: issuing });
  const standing = await replaceAll(db, newAuthority(await firstFile(options)));
  await rm(marker, { force: true });
  return standing;
}

/** The Console's keys as they are now: they follow the change of its authority while it runs. */
export class Keys implements KeyStore, Service {
  readonly name = "authorities";
  readonly #options: KeysOptions;
  readonly #watchers: (() => void)[] = [];
  #now: KeyStore;
  #standing: Standing;
  /** Ids of the authorities whose keys are here. */
  #held: readonly string[] = [];
  #turn: Promise<void> = Promise.resolve();

  private constructor(options: KeysOptions, standing: Standing, now: KeyStore) {
    this.#options = options;
    this.#standing = standing;
    this.#now = now;
  }

  /** Loads the keys, making those that are not there yet. Throws AppError `unavailable` with what to do. */
  static async open(options: KeysOptions): Promise<Keys> {
    await ownDirectory(options.dir);
    const standing = await settle(options);
    const now = await openKeyStore({ ...options, nowMs: options.clock.nowMs(), standing });
    // Signing is what a Console is for: at its start the key must be here.
    void now.authority;
    const keys = new Keys(options, standing, now);
    await keys.#tidy();
    await keys.#tell();
    return keys;
  }

  get standing(): Standing {
    return this.#standing;
  }
  get authority(): KeyStore["authority"] {
    return this.#now.authority;
  }
  get issuingId(): string {
    return this.#now.issuingId;
  }
  get anchors(): KeyStore["anchors"] {
    return this.#now.anchors;
  }
  get retired(): KeyStore["retired"] {
    return this.#now.retired;
  }
  get trustBundlePem(): string {
    return this.#now.trustBundlePem;
  }
  get trustBundleHash(): string {
    return this.#now.trustBundleHash;
  }
  get sensorCaPem(): string {
    return this.#now.sensorCaPem;
  }
  get serverCertPem(): string {
    return this.#now.serverCertPem;
  }
  get serverKeyPem(): string {
    return this.#now.serverKeyPem;
  }
  get serverNotAfter(): Date {
    return this.#now.serverNotAfter;
  }
  get pin(): string {
    return this.#now.pin;
  }
  get policySigner(): KeyStore["policySigner"] {
    return this.#now.policySigner;
  }

  /** Calls back after the keys changed. */
  onChange(changed: () => void): void {
    this.#watchers.push(changed);
  }

  /** Reads standing and files again, and tells which keys are here; one after the other, however many ask. */
  reload(): Promise<void> {
    return this.#next(() => this.#load());
  }

  /** Renews the server's certificate if it ends soon, or takes the operator's as it is now. */
  refresh(): Promise<void> {
    return this.#next(() => this.#loadServer());
  }

  #next(load: () => Promise<void>): Promise<void> {
    const next = this.#turn.then(load);
    this.#turn = next.catch(() => {});
    return next;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    let serverMs = clock.monotonicMs();
    while (!signal.aborted) {
      await clock.sleep(LOOK_MS, signal);
      if (signal.aborted) break;
      try {
        await this.reload();
        if (clock.monotonicMs() - serverMs < SERVER_LOOK_MS) continue;
        serverMs = clock.monotonicMs();
        await this.refresh();
      } catch (error) {
        log.warn("the authorities could not be looked at", { error });
      }
    }
    await this.#turn;
  }

  async #load(): Promise<void> {
    const standing = await findStanding(this.#options.db);
    if (!standing) return;
    const moved = standing.version !== this.#standing.version;
    const held = await this.#keysHere();
    try {
      // Keys may have been copied here by hand.
      if (!moved && held.join() === this.#held.join()) return;
      this.#now = await openKeyStore({ ...this.#options, nowMs: this.#options.clock.nowMs(), standing });
      this.#standing = standing;
      await this.#tidy();
      if (moved) for (const changed of this.#watchers) changed();
    } finally {
      await this.#tell();
    }
  }

  async #keysHere(): Promise<string[]> {
    const files = await readAuthorities(this.#options.dir);
    return files.flatMap((file) => (file.privateKey ? [file.id] : [])).toSorted();
  }

  /** Tells the other hosts which keys this one has: the change of the authority waits for them. */
  async #tell(): Promise<void> {
    const { db, dir, log } = this.#options;
    try {
      this.#held = await this.#keysHere();
      await saveHost(db, { ...(await readHost(dir)), authorityIds: this.#held });
    } catch (error) {
      log.warn("which keys this Console has could not be told to the others; it is tried again", { error });
    }
  }

  async #loadServer(): Promise<void> {
    const now = await openKeyStore({
      ...this.#options,
      nowMs: this.#options.clock.nowMs(),
      standing: this.#standing,
    });
    if (now.serverCertPem === this.#now.serverCertPem && now.serverKeyPem === this.#now.serverKeyPem) return;
    this.#options.log.info("the server certificate is another one", { not_after: now.serverNotAfter });
    this.#now = now;
    for (const changed of this.#watchers) changed();
  }

  /** Keys of retired authorities could only do harm. */
  async #tidy(): Promise<void> {
    const retired = new Set(this.#standing.authorities.filter((a) => a.standing === "retired").map((a) => a.id));
    for (const file of await readAuthorities(this.#options.dir)) {
      if (!retired.has(file.id)) continue;
      await removeAuthority(file);
      this.#options.log.info("removed the key of a retired authority", { path: file.keyPath });
    }
  }
}
