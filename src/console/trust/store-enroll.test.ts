import { afterAll, beforeAll, expect, test } from "bun:test";
import { testStores, type TestStores } from "../../../test/harness/stores.ts";
import { newUuid } from "../../core/ids.ts";
import { enrollSensor, type Enrolled, type NewCertificate, type NewSensor } from "./store-enroll.ts";
import { findToken, insertToken, revokeToken } from "./store.ts";

let stores: TestStores;
const tenantId = newUuid();
const now = new Date();
const later = new Date(now.getTime() + 3_600_000);

beforeAll(async () => {
  stores = await testStores();
  await stores.db.system((tx) => tx`INSERT INTO tenants (tenant_id, name) VALUES (${tenantId}, 'x')`);
}, 60_000);
afterAll(() => stores.dispose());

async function clusterToken(maxNodes?: number): Promise<{ hash: string; id: string }> {
  const [hash, id] = [newUuid(), newUuid()];
  await insertToken(stores.db, {
    tenantId,
    tokenHash: hash,
    tokenId: id,
    nodeName: undefined,
    declaredRole: undefined,
    flavor: undefined,
    cluster: "c",
    maxNodes,
    createdBy: "test",
    expiresAt: later,
  });
  return { hash, id };
}

const sensor = (name: string, machine = name): NewSensor => ({
  sensorId: newUuid(),
  tenantId,
  nodeName: name,
  declaredRole: "server",
  flavor: "standard",
  cluster: "c",
  tags: [],
  machineHash: machine,
  sensorVersion: "1",
});

const certificate = (keyHash: string): NewCertificate => ({
  serial: newUuid(),
  pem: "pem",
  keyHash,
  issuerId: "issuer",
  notBefore: now,
  notAfter: later,
});

/** `amid`: what is done while the certificate is being made. */
function enroll(
  token: { hash: string },
  node: NewSensor,
  key: string,
  amid?: () => Promise<unknown>,
): Promise<Enrolled> {
  const issue = async (): Promise<NewCertificate> => {
    await amid?.();
    return certificate(key);
  };
  return enrollSensor(stores.db, token.hash, node, key, issue, now);
}

const nodesOf = async (token: { hash: string }): Promise<number | undefined> =>
  (await findToken(stores.db, token.hash))?.nodes;

test("nodes of a cluster do not wait for each other's certificates", async () => {
  const token = await clusterToken();
  let second: Enrolled | undefined;
  const first = await enroll(token, sensor("n-1"), "key 1", async () => {
    second = await enroll(token, sensor("n-2"), "key 2");
  });
  expect([first.outcome, second?.outcome]).toEqual(["enrolled", "enrolled"]);
  expect(await nodesOf(token)).toBe(2);
});

test("the last room of a cluster's token goes to who is first done; of the other nothing stays", async () => {
  const token = await clusterToken(1);
  let second: Enrolled | undefined;
  const first = await enroll(token, sensor("n-3"), "key 3", async () => {
    second = await enroll(token, sensor("n-4"), "key 4");
  });
  expect([first.outcome, second?.outcome]).toEqual(["exhausted", "enrolled"]);
  expect(await nodesOf(token)).toBe(1);
  const left = await stores.db.tenant(tenantId, (tx) => tx`SELECT FROM sensors WHERE node_name = 'n-3'`);
  expect(left).toHaveLength(0);
});

test("a token that is revoked while a certificate is made brings nobody in", async () => {
  const token = await clusterToken();
  const done = await enroll(token, sensor("n-5"), "key 5", () => revokeToken(stores.db, tenantId, token.id));
  expect(done.outcome).toBe("spent");
  expect(await nodesOf(token)).toBe(0);
});

test("one node that comes several times at once, with one key or several, is one sensor and counted once", async () => {
  const token = await clusterToken();
  const keys = ["a", "a", "b", "c", "a", "b"];
  const done = await Promise.all(keys.map((key) => enroll(token, sensor("n-6"), `key 6 ${key}`)));
  const ids = done.map((one) =>
    one.outcome === "enrolled" ? one.sensorId : one.outcome === "repeated" ? one.answer.sensorId : one.outcome,
  );
  expect(new Set(ids).size).toBe(1);
  expect(await nodesOf(token)).toBe(1);
  const found = await stores.db.tenant(tenantId, (tx) => tx`SELECT FROM sensors WHERE node_name = 'n-6'`);
  expect(found).toHaveLength(1);
});
