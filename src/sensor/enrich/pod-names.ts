import { readdir } from "node:fs/promises";
import type { Workload } from "../../core/event/workload.ts";

const REFRESH_MS = 30_000;
const MAX_PODS = 4096;

/** Names of pods by uid, read off the kubelet's log directory, where there is one: `<namespace>_<pod>_<uid>`. */
export class PodNames {
  readonly #dir: string;
  #names = new Map<string, { namespace: string; pod_name: string }>();
  #readAtMs = -Infinity;
  /** Grows when there are names and they were read anew. */
  version = 0;

  constructor(dir = "/var/log/pods") {
    this.#dir = dir;
  }

  /** Reads the directory again when the last look is old; a missing one means no Kubernetes here. */
  async refresh(nowMs: number): Promise<void> {
    if (nowMs - this.#readAtMs < REFRESH_MS) return;
    this.#readAtMs = nowMs;
    const found = new Map<string, { namespace: string; pod_name: string }>();
    for (const name of (await readdir(this.#dir).catch(() => [])).slice(0, MAX_PODS)) {
      const [namespace, pod, uid] = name.split("_");
      if (namespace && pod && uid) found.set(uid, { namespace: namespace.slice(0, 253), pod_name: pod.slice(0, 253) });
    }
    if (this.#names.size + found.size > 0) this.version++;
    this.#names = found;
  }

  /** The workload with its pod's names, when they are known. */
  complete(workload: Workload): Workload {
    const names = workload.pod_uid === undefined ? undefined : this.#names.get(workload.pod_uid);
    return names ? { ...workload, ...names } : workload;
  }
}
