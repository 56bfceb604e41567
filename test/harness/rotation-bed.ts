import type { AuthorityStatus, RotationAction, RotationPhase } from "../../src/core/api/trust.ts";
import { createSensorRequest } from "../../src/core/pki/csr.ts";
import type { HeartbeatResponse } from "../../src/core/wire/heartbeat.ts";
import type { RenewResponse } from "../../src/core/wire/renew.ts";
import { testHeartbeat } from "./sensor-messages.ts";
import { TestConsole } from "./sensor-plane.ts";
import { TestSensor } from "./test-sensor.ts";
import { testStores, type TestStores } from "./stores.ts";

/** A Console on stores of its own, whose authority is changed step by step. */
export class RotationBed implements AsyncDisposable {
  readonly stores: TestStores;
  console: TestConsole;

  private constructor(stores: TestStores, console: TestConsole) {
    this.stores = stores;
    this.console = console;
  }

  static async open(): Promise<RotationBed> {
    const stores = await testStores();
    const console = await TestConsole.start(stores, {}, undefined, { heartbeatIntervalMs: 100 });
    return new RotationBed(stores, await console.setUp());
  }

  status(): Promise<AuthorityStatus> {
    return this.console.json("GET", "/api/v1/trust/authority");
  }

  /** Takes a step; the sensors' end trusts what is trusted after it. */
  async act(action: RotationAction, force = false): Promise<AuthorityStatus> {
    const body = force ? { force } : {};
    const after = await this.console.json<AuthorityStatus>("POST", `/api/v1/trust/authority/${action}`, body);
    await this.console.readTrust();
    return after;
  }

  /** Why a step is not taken. */
  refused(action: RotationAction): Promise<string> {
    return this.act(action).then(() => "done", String);
  }

  /** Goes from the first authority alone to a phase; `retired`: on to the next authority alone. */
  async goTo(phase: RotationPhase | "retired"): Promise<void> {
    const steps: Record<typeof phase, readonly RotationAction[]> = {
      stable: [],
      dual_trust: ["rotate"],
      dual_issue: ["rotate", "advance"],
      retired: ["rotate", "advance", "advance"],
    };
    for (const action of steps[phase]) await this.act(action, action === "advance");
  }

  /** The sensor renews and, as it does, takes the bundle that comes along. */
  async renew(sensor: TestSensor, name: string): Promise<TestSensor> {
    const { keyPem, csrPem } = await createSensorRequest(name);
    const response = await sensor.send("/sensors/renew", { protocol_version: 3, csr_pem: csrPem });
    if (!response.ok) throw new Error(await response.text());
    const answer = (await response.json()) as RenewResponse;
    return new TestSensor(this.console, sensor.sensorId, keyPem, answer.control_plane_certificate_pem, sensor.enrolled);
  }

  /** Another life of the Console, on the same stores and directory. */
  async restart(): Promise<void> {
    await this.console.stop();
    this.console = await TestConsole.start(this.stores, {}, this.console.dir);
    await this.console.signIn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.console[Symbol.asyncDispose]();
    await this.stores.dispose();
  }
}

/** How a heartbeat by these credentials ends; what the sensor trusts the Console by is its own. */
export async function beat(sensor: TestSensor, bundleHash?: string): Promise<HeartbeatResponse | string> {
  const heartbeat = testHeartbeat();
  if (bundleHash !== undefined) Object.assign(heartbeat.trust, { trust_bundle_hash: bundleHash });
  try {
    const response = await sensor.send("/sensors/heartbeat", heartbeat);
    const text = await response.text();
    return response.ok ? (JSON.parse(text) as HeartbeatResponse) : `${response.status} ${text}`;
  } catch (error) {
    return `no trust: ${(error as { code?: string }).code ?? String(error)}`;
  }
}
/** The heartbeat was taken. */
export function well(answer: HeartbeatResponse | string): boolean {
  return typeof answer !== "string";
}
