import { Type, type Static } from "typebox";

const Port = Type.Integer({ minimum: 0, maximum: 65535 });
const Address = Type.String({ maxLength: 108 });
const Hostname = Type.String({ maxLength: 255 });
const Counter = Type.Integer({ minimum: 0 });

/** The file of a file event. */
export const FileSection = Type.Object(
  {
    path: Type.String({ maxLength: 4096 }),
    /** New path of a rename, target of a link. */
    target: Type.Optional(Type.String({ maxLength: 4096 })),
    flags: Type.Optional(Type.String({ maxLength: 256 })),
    mode: Type.Optional(Type.String({ maxLength: 16 })),
    /** Entry of the watched set that matched. */
    watch: Type.Optional(Type.String({ maxLength: 256 })),
    /** The path was read from user memory before the call acted on it: it may have been changed since. */
    toctou: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type FileSection = Static<typeof FileSection>;

/** Socket of a network or DNS event, seen from this host. */
export const NetworkSection = Type.Object(
  {
    family: Type.Union([Type.Literal("inet"), Type.Literal("inet6"), Type.Literal("unix"), Type.Literal("other")]),
    protocol: Type.Union([Type.Literal("tcp"), Type.Literal("udp"), Type.Literal("sctp"), Type.Literal("other")]),
    direction: Type.Optional(Type.Union([Type.Literal("outbound"), Type.Literal("inbound")])),
    local_addr: Type.Optional(Address),
    local_port: Type.Optional(Port),
    remote_addr: Type.Optional(Address),
    remote_port: Type.Optional(Port),
    /** Name this process, or failing that this host, resolved to `remote_addr` last. */
    dns_hostname: Type.Optional(Hostname),
    bytes_sent: Type.Optional(Counter),
    bytes_received: Type.Optional(Counter),
    duration_us: Type.Optional(Counter),
  },
  { additionalProperties: false },
);
export type NetworkSection = Static<typeof NetworkSection>;

/** A parsed DNS message. */
export const DnsSection = Type.Object(
  {
    id: Type.Optional(Port),
    query: Hostname,
    qtype: Type.String({ maxLength: 16 }),
    rcode: Type.Optional(Type.String({ maxLength: 16 })),
    answers: Type.Array(
      Type.Object(
        { name: Hostname, type: Type.String({ maxLength: 16 }), ttl: Counter, data: Type.String({ maxLength: 512 }) },
        { additionalProperties: false },
      ),
      { maxItems: 64 },
    ),
    truncated: Type.Optional(Type.Boolean()),
    malformed: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type DnsSection = Static<typeof DnsSection>;

/** Events folded into one. */
export const BurstSection = Type.Object(
  { count: Type.Integer({ minimum: 1 }), window_ms: Counter, first_us: Counter, last_us: Counter },
  { additionalProperties: false },
);
export type BurstSection = Static<typeof BurstSection>;

/** A gap in the kernel's stream: how many (0: nobody knows), why, and between which times. */
export const LossSection = Type.Object(
  { cause: Type.String({ maxLength: 64 }), count: Counter, from_us: Counter, to_us: Counter },
  { additionalProperties: false },
);
export type LossSection = Static<typeof LossSection>;

/** Where in the kernel an event was seen and what was done about it. */
export const HookSection = Type.Object(
  {
    function_name: Type.Optional(Type.String({ maxLength: 128 })),
    policy_name: Type.Optional(Type.String({ maxLength: 253 })),
    backend: Type.Optional(Type.String({ maxLength: 32 })),
    action: Type.Optional(Type.String({ maxLength: 64 })),
    /** Return value of the call: negative is an errno. */
    return_value: Type.Optional(Type.Integer()),
    cpu: Type.Optional(Counter),
    /** What the policy did about it. */
    enforced: Type.Optional(
      Type.Object(
        {
          /** `lsm`, `fmod_ret`, `override_return`, `cgroup`, `signal`, `mark` (another hook of the call stops it), `set`. */
          method: Type.String({ maxLength: 32 }),
          /** The call did not happen; otherwise it may have had its effect before the process was stopped. */
          stopped: Type.Boolean(),
        },
        { additionalProperties: false },
      ),
    ),
    /** The policy would have stopped it, but is in monitor mode. */
    monitored: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type HookSection = Static<typeof HookSection>;
