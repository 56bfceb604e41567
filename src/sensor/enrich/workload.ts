import type { Workload } from "../../core/event/workload.ts";
import { defined } from "../normalize/fields.ts";

const UNIT = /\.(service|scope|socket|mount|timer|slice)$/;
/** Scopes of a runtime's monitor process: it sits beside the container, not in it. */
const MONITOR = /^(libpod|crio|crio-podman)-conmon-/;
const PREFIXES: readonly (readonly [RegExp, NonNullable<Workload["runtime"]>])[] = [
  [/^cri-containerd-([0-9a-f]{12,64})\.scope$/, "containerd"],
  [/^nerdctl-([0-9a-f]{12,64})\.scope$/, "containerd"],
  [/^crio-([0-9a-f]{12,64})(\.scope)?$/, "cri-o"],
  [/^docker-([0-9a-f]{12,64})\.scope$/, "docker"],
  [/^libpod-([0-9a-f]{12,64})(\.scope)?$/, "podman"],
];
const BARE_ID = /^[0-9a-f]{64}$/;
const POD =
  /(?:^|-)pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?$/;

function containerOf(parts: readonly string[]): Pick<Workload, "container_id" | "runtime"> | undefined {
  for (const [i, part] of parts.entries()) {
    // containerd's own writing: slice:prefix:id
    const colons = part.split(":");
    if (colons.length === 3 && /^[0-9a-f]{12,64}$/.test(colons[2]!))
      return { container_id: colons[2]!, runtime: colons[1] === "cri-containerd" ? "containerd" : "unknown" };
    for (const [pattern, runtime] of PREFIXES) {
      const id = pattern.exec(part)?.[1];
      if (id !== undefined) return { container_id: id, runtime };
    }
    if (!BARE_ID.test(part)) continue;
    const above = parts[i - 1] ?? "";
    if (above === "docker" || above === "buildkit") return { container_id: part, runtime: "docker" };
    if (above.startsWith("lxc")) return { container_id: part, runtime: "lxc" };
    // With the cgroupfs driver the path does not say which runtime it is.
    return { container_id: part, runtime: above === "default" || above === "k8s.io" ? "containerd" : "unknown" };
  }
  return undefined;
}

function podOf(path: string, parts: readonly string[]): Pick<Workload, "pod_uid" | "qos_class"> | undefined {
  if (!path.includes("kubepods")) return undefined;
  const whole = parts.map((p) => POD.exec(p.split(":")[0]!)?.[1]).find((uid) => uid !== undefined);
  if (whole === undefined) return undefined;
  const qos = /kubepods[^:]*besteffort/.test(path)
    ? "BestEffort"
    : /kubepods[^:]*burstable/.test(path)
      ? "Burstable"
      : "Guaranteed";
  return { pod_uid: whole.replaceAll("_", "-"), qos_class: qos };
}

/**
 * What a cgroup path (version 1 or 2, as the kernel names it) says about the workload. `docker` is the beginning of
 * the container's id as the engine saw it, for paths of a shape that is not known here. Undefined for the root.
 */
export function workloadOf(path: string | undefined, docker?: string): Workload | undefined {
  if (path === undefined || path === "" || path === "/") return undefined;
  // Deeper paths only add what a container makes inside its own tree.
  const parts = path
    .split("/")
    .filter((p) => p !== "")
    .slice(0, 24);
  const monitor = parts.some((p) => MONITOR.test(p));
  let container = monitor ? undefined : containerOf(parts);
  if (!container && !monitor && docker !== undefined && /^[0-9a-f]{12,64}$/.test(docker))
    container = { container_id: docker, runtime: "unknown" };
  const lxc = parts.some((p) => p === "lxc" || p.startsWith("lxc.payload"));
  const nspawn = parts.some((p) => p.startsWith("systemd-nspawn@"));
  const unit = container ? undefined : parts.findLast((p) => UNIT.test(p) && !p.endsWith(".slice"));
  return defined({
    container_id: container?.container_id,
    runtime: container?.runtime ?? (lxc ? "lxc" : nspawn ? "systemd-nspawn" : undefined),
    ...podOf(path, parts),
    unit: unit?.slice(0, 253),
    cgroup: path.slice(0, 1024),
  });
}
