import { Type, type Static } from "typebox";

const Name = Type.String({ maxLength: 253 });

/** Container and Kubernetes context, read off the cgroup path and, where present, the runtime's state files. */
export const Workload = Type.Object(
  {
    container_id: Type.Optional(Type.String({ pattern: "^[0-9a-f]{12,64}$" })),
    runtime: Type.Optional(
      Type.Union([
        Type.Literal("docker"),
        Type.Literal("containerd"),
        Type.Literal("cri-o"),
        Type.Literal("podman"),
        Type.Literal("lxc"),
        Type.Literal("systemd-nspawn"),
        Type.Literal("unknown"),
      ]),
    ),
    pod_uid: Type.Optional(Type.String({ maxLength: 64 })),
    pod_name: Type.Optional(Name),
    namespace: Type.Optional(Name),
    workload_kind: Type.Optional(Name),
    workload_name: Type.Optional(Name),
    qos_class: Type.Optional(
      Type.Union([Type.Literal("Guaranteed"), Type.Literal("Burstable"), Type.Literal("BestEffort")]),
    ),
    /** systemd unit, for processes of the host itself. */
    unit: Type.Optional(Name),
    cgroup: Type.Optional(Type.String({ maxLength: 1024 })),
  },
  { additionalProperties: false },
);
export type Workload = Static<typeof Workload>;
