import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../core/log.ts";
import { x509 } from "../../core/pki/x509.ts";
import { openKeyStore, openPolicySigner, type KeyStore } from "./key-store.ts";

const NOW = Date.UTC(2026, 10, 21);
const DAY_MS = 86_400_000;
const NAMES = { dns: ["telovix-console", "localhost"], ips: ["127.0.0.1"] };
let root: string;
let count = 0;

beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), "telovix-keys-"))));
afterAll(() => rm(root, { recursive: true }));

const fresh = (): string => join(root, String(++count));
const open = async (dir: string, more: Partial<Parameters<typeof openKeyStore>[0]> = {}): Promise<KeyStore> => {
  const policySigner = await openPolicySigner(dir, silentLog);
  return openKeyStore({ dir, names: NAMES, nowMs: NOW, log: silentLog, policySigner, ...more });
};
const refusal = (opened: Promise<unknown>): Promise<string> =>
  opened.then(
    () => "opened",
    (error: Error) => error.message,
  );

describe("the key store", () => {
  test("makes everything once, keys for nobody else's eyes, and finds it again", async () => {
    const dir = fresh();
    const first = await open(dir);
    const second = await open(dir);
    expect(second.pin).toBe(first.pin);
    expect(second.trustBundlePem).toBe(first.trustBundlePem);
    expect(second.policySigner.publicPem).toBe(first.policySigner.publicPem);
    for (const name of ["ca.key.pem", "server.key.pem", "policy-signing.key.pem"])
      expect((await stat(join(dir, name))).mode & 0o777).toBe(0o600);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
  });

  test("refuses a key that others can read, and says how to mend it", async () => {
    const dir = fresh();
    await open(dir);
    await chmod(join(dir, "ca.key.pem"), 0o644);
    expect(await refusal(open(dir))).toContain("can be read by others (mode 644)");
  });

  test("never replaces an authority whose key is gone or belongs to another certificate", async () => {
    const [dir, other] = [fresh(), fresh()];
    await open(dir);
    await open(other);
    await writeFile(join(dir, "ca.key.pem"), await readFile(join(other, "ca.key.pem")));
    expect(await refusal(open(dir))).toContain("do not belong together");
    await rm(join(dir, "ca.key.pem"));
    expect(await refusal(open(dir))).toContain("is missing while its certificate is there");
  });

  test("renews the server certificate when it ends soon or its names changed, and keeps its key", async () => {
    const dir = fresh();
    const first = await open(dir);
    const later = NOW + 370 * DAY_MS;
    const renewed = await open(dir, { nowMs: later });
    expect(renewed.serverNotAfter.getTime()).toBeGreaterThan(later + 390 * DAY_MS);
    const renamed = await open(dir, { nowMs: later, names: { ...NAMES, dns: [...NAMES.dns, "console.example"] } });
    expect(renamed.serverCertPem).not.toBe(renewed.serverCertPem);
    expect([renewed.pin, renamed.pin]).toEqual([first.pin, first.pin]);
    expect(new x509.X509Certificate(renamed.serverCertPem).issuer).toBe(first.authority.certificate.subject);
  });

  test("takes the operator's own certificate, and hands its authority to sensors", async () => {
    const [dir, theirs] = [fresh(), fresh()];
    const given = await open(theirs);
    const [cert, key] = [join(root, "given.cert.pem"), join(root, "given.key.pem")];
    await writeFile(cert, given.serverCertPem + given.sensorCaPem);
    await writeFile(key, given.serverKeyPem);
    const store = await open(dir, { tlsCertPath: cert, tlsKeyPath: key });
    expect(store.pin).toBe(given.pin);
    expect(store.trustBundlePem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(await refusal(open(fresh(), { tlsCertPath: join(root, "none"), tlsKeyPath: key }))).toContain(
      "cannot be read",
    );
    const expired = open(fresh(), { tlsCertPath: cert, tlsKeyPath: key, nowMs: NOW + 500 * DAY_MS });
    expect(await refusal(expired)).toContain("The server certificate ended on");
  });
});
