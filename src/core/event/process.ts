import { Type, type Static } from "typebox";

const ExecId = Type.String({ maxLength: 400 });
const Path = Type.String({ maxLength: 4096 });
const Argv = Type.Array(Type.String({ maxLength: 8192 }), { maxItems: 256 });
const Id = Type.Integer({ minimum: 0, maximum: 4294967295 });

/** A process as far up the ancestry as the sensor knows it. */
export const Ancestor = Type.Object(
  {
    exec_id: ExecId,
    pid: Id,
    binary: Path,
    uid: Type.Optional(Id),
    arguments: Type.Optional(Type.String({ maxLength: 1024 })),
  },
  { additionalProperties: false },
);
export type Ancestor = Static<typeof Ancestor>;

const Inode = Type.Optional(Type.Integer({ minimum: 0 }));

/** Namespace inode numbers of a process. */
export const Namespaces = Type.Object(
  { uts: Inode, ipc: Inode, mnt: Inode, pid: Inode, net: Inode, cgroup: Inode, user: Inode, time: Inode },
  { additionalProperties: false },
);
export type Namespaces = Static<typeof Namespaces>;

/** The process an event is about. `exec_id` joins events of one process, across hosts and reboots. */
export const Process = Type.Object(
  {
    exec_id: ExecId,
    parent_exec_id: Type.Optional(ExecId),
    pid: Id,
    ppid: Type.Optional(Id),
    tid: Type.Optional(Id),
    uid: Type.Optional(Id),
    gid: Type.Optional(Id),
    /** Login uid; absent when it was never set. */
    auid: Type.Optional(Id),
    binary: Path,
    comm: Type.Optional(Type.String({ maxLength: 64 })),
    argv: Argv,
    cwd: Type.Optional(Path),
    /** Microseconds since 1970, UTC. */
    start_time_us: Type.Optional(Type.Integer({ minimum: 0 })),
    /** Effective capabilities, 64 bits as 16 hex digits. */
    cap_effective: Type.Optional(Type.String({ pattern: "^[0-9a-f]{1,16}$" })),
    flags: Type.Optional(Type.String({ maxLength: 256 })),
    ns: Type.Optional(Namespaces),
    parent_binary: Type.Optional(Path),
    /** Nearest first; at most 16. */
    ancestors: Type.Array(Ancestor, { maxItems: 16 }),
    /** Ended processes only. */
    exit_code: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
    exit_signal: Type.Optional(Type.String({ maxLength: 16 })),
    duration_us: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
);
export type Process = Static<typeof Process>;
