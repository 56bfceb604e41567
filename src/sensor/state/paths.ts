import { join, resolve } from "node:path";

/** The sensor's state directory. Its layout is documented and stable; the spool is a directory where older sensors had `events.jsonl`. */
export interface StatePaths {
  readonly dir: string;
  readonly clientKey: string;
  readonly clientCert: string;
  readonly consoleCa: string;
  readonly policySigning: string;
  readonly sensorState: string;
  /** Machine and boot the directory was used on last. */
  readonly instance: string;
  readonly assignedPack: string;
  readonly compiledPolicies: string;
  /** Policies and modes of the node's own operator; `telovix policy add` and `policy mode` write them. */
  readonly localPolicies: string;
  readonly engine: string;
  readonly engineOut: string;
  /** Where the engine pins what must outlive it: a BPF file system of its own. */
  readonly enginePins: string;
  /** Plans of the policies it runs, and their modes; it watches this directory. */
  readonly enginePlans: string;
  readonly spool: string;
  readonly lock: string;
}

export function statePaths(dir: string): StatePaths {
  return {
    dir,
    clientKey: join(dir, "client.key.pem"),
    clientCert: join(dir, "client.cert.pem"),
    consoleCa: join(dir, "console-ca.cert.pem"),
    policySigning: join(dir, "policy-signing.pub"),
    sensorState: join(dir, "sensor-state.json"),
    instance: join(dir, "instance.json"),
    assignedPack: join(dir, "assigned-pack.json"),
    compiledPolicies: join(dir, "compiled-policies"),
    localPolicies: resolve(dir, "local-policies"),
    engine: join(dir, "engine"),
    engineOut: join(dir, "engine", "out"),
    enginePins: resolve(dir, "engine", "pins"),
    enginePlans: resolve(dir, "engine", "plans"),
    spool: join(dir, "spool"),
    lock: join(dir, "sensor.lock"),
  };
}
