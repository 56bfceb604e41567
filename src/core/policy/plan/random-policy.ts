import fc from "fast-check";
import { ARG_TYPES } from "../arg-types.ts";
import { ARG_OPERATORS } from "../schema/selector.ts";

/* Texts of policies at random, most of them near a limit of the format or the engine. For tests. */

type Spec = Readonly<Record<string, unknown>>;

/** Mostly the plain choice: a policy with two odd things is seldom valid, and then shows nothing. */
function seldom<T, U>(odd: fc.Arbitrary<T>, plain: U): fc.Arbitrary<T | U> {
  return fc.oneof({ weight: 1, arbitrary: odd as fc.Arbitrary<T | U> }, { weight: 14, arbitrary: fc.constant(plain) });
}

const sizes = fc.constantFrom(0, 1, 2, 99, 100, 101, 126, 127, 128, 250, 251, 252, 253, 255, 256, 257, 600);
const units = fc.constantFrom("a", "a", "a", "é", "/", "a\u0001", "a\0", "a b", "a\n");
/** A text of about a size that matters. */
const edgy = fc.tuple(sizes, units).map(([size, unit]) => unit.repeat(Math.ceil(size / unit.length)).slice(0, size));
const path = edgy.map((text) => (text.length % 2 === 0 ? text : `/${text.slice(1)}`));
const name = seldom(edgy, "f");

/** An argument's type with a filter that fits it. */
const texts = ["Equal", "NotEqual", "Prefix", "NotPostfix", "Postfix", "SubString", "SubStringIgnCase"] as const;
const numbers = ["Equal", "NotInMap", "InMap", "InRange", "GT", "LT", "Mask"] as const;
const number = fc.constantFrom(
  "0",
  "-1",
  "7",
  "1:9",
  "-1:9",
  "0:65535",
  "-1:9223372036854775808",
  "-5:18446744073709551615",
);
const filtered = fc.oneof(
  fc.record({
    type: fc.constantFrom("string", "file", "char_buf"),
    operator: fc.constantFrom(...texts),
    values: fc.tuple(edgy),
  }),
  fc.record({
    type: fc.constantFrom("int", "auto", "int64", "uint64"),
    operator: fc.constantFrom(...numbers),
    values: fc.tuple(number),
  }),
  fc.record({ type: fc.constant("auto"), operator: fc.constant("Equal"), values: fc.tuple(edgy) }),
  fc.record({
    type: fc.constant("sock"),
    operator: fc.constantFrom("DAddr", "NotSAddr", "DPort", "Protocol", "Family", "State"),
    values: fc.tuple(fc.constantFrom("10.0.0.0/8", "::/0", "0:65535", "300", "AF_INET6", "TCP_LISTEN")),
  }),
  fc.record({
    type: fc.constant("int"),
    operator: fc.constant("CelExpr"),
    values: fc.constant(["arg0 + 5 > 7 || arg0 < 0"]),
  }),
  fc.record({
    type: fc.constantFrom(...ARG_TYPES),
    operator: fc.constantFrom(...ARG_OPERATORS),
    values: fc.tuple(number),
  }),
);

const action = fc.record({
  action: fc.constantFrom("Post", "NoPost", "Sigkill", "Signal", "Override", "NotifyEnforcer", "GetUrl", "TrackSock"),
  argError: fc.constantFrom(-1, -1, -1, -1, 1, 0, -4095, 4095, -4096, 100_000),
  argSig: fc.constantFrom(9, 9, 9, 1, 64, 0),
  argUrl: seldom(fc.oneof(edgy, fc.constantFrom("x".repeat(2048), "x".repeat(2049))), "http://a/"),
  argRegs: seldom(
    fc.constantFrom(
      ["rax=\t11"],
      Array.from({ length: 300 }, () => "rax=11"),
    ),
    undefined,
  ),
  argNewSymbol: seldom(edgy, undefined),
});

const labels = seldom(
  fc.constantFrom<Spec>(
    {},
    { matchLabels: { a: "b" } },
    { matchExpressions: [{ key: "repo", operator: "NotIn", values: ["é\t", "x".repeat(300_000)] }] },
  ),
  { matchLabels: { name: "a" } },
);
const scope = fc.record(
  { podSelector: labels, containerSelector: labels, hostSelector: fc.constant({}) },
  { requiredKeys: [] },
);

const hook = filtered.chain(({ type, operator, values }) =>
  fc.record({
    message: seldom(edgy, "watched"),
    tags: seldom(fc.tuple(edgy), ["tag"]),
    args: fc.tuple(
      fc.record({
        index: seldom(fc.constantFrom(4, 5, 11, 12, 255, 256), 0),
        type: fc.constant(type),
        label: seldom(edgy, "a label"),
        sizeArgIndex: seldom(fc.nat(17), undefined),
        returnCopy: seldom(fc.constant(true), undefined),
        maxData: seldom(fc.constant(true), undefined),
        btfType: seldom(edgy, undefined),
        btfTypeModule: seldom(edgy, undefined),
        resolve: seldom(fc.constantFrom("a.b[2].c", "[1].x", "a.b.c.d.e.f.g.h.i.j", "a[1][2].[3]"), undefined),
      }),
    ),
    selectors: fc.tuple(
      fc.record({
        label: seldom(edgy, undefined),
        matchArgs: seldom(fc.constant(undefined), [{ args: [0], operator, values }]),
        matchActions: fc.option(fc.tuple(action), { nil: undefined, freq: 3 }),
        matchBinaries: seldom(
          fc
            .record({ operator: fc.constantFrom("In", "NotPrefix", "Postfix"), values: fc.tuple(path) })
            .map((binary) => [binary]),
          undefined,
        ),
        matchPIDs: seldom(
          fc.constant([{ operator: "NotIn", values: [0, 4_294_967_295], followForks: true }]),
          undefined,
        ),
        matchNamespaces: seldom(fc.constant([{ namespace: "Pid", operator: "NotIn", values: ["host_ns"] }]), undefined),
        matchCapabilities: seldom(fc.constant([{ operator: "In", values: ["CAP_BPF"] }]), undefined),
        matchWorkloads: seldom(scope, undefined),
      }),
    ),
  }),
);

const functions = hook.chain((common) =>
  fc.record({
    call: seldom(fc.oneof(edgy, fc.constantFrom("i386/sys_dup", "list:calls", "list:all")), "sys_dup"),
    syscall: seldom(fc.boolean(), undefined),
    returnArgAction: seldom(fc.constantFrom("TrackSock", "UntrackSock"), undefined),
    returnArg: seldom(fc.constantFrom({ type: "sock" }, { type: "int" }), undefined),
    ...constants(common),
  }),
);
/** Record of what is settled already. */
function constants<T extends object>(values: T): { [K in keyof T]: fc.Arbitrary<T[K]> } {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, fc.constant(value)])) as {
    [K in keyof T]: fc.Arbitrary<T[K]>;
  };
}
const program = seldom(path, "/bin/true");

/** Of one kind of hook each. */
const spec: fc.Arbitrary<Spec> = fc.oneof(
  functions.map((f) => ({ kprobes: [f] })),
  functions.map((f) => ({ fentries: [f] })),
  fc.tuple(hook, name, name).map(([h, subsystem, event]) => ({ tracepoints: [{ ...h, subsystem, event }] })),
  fc.tuple(hook, name).map(([h, lsm]) => ({ lsmhooks: [{ ...h, hook: lsm }] })),
  fc
    .tuple(hook, program, seldom(path, undefined), name, seldom(fc.constantFrom(56, 57, 300), 1))
    .map(([h, file, btfPath, symbol, count]) => ({
      uprobes: [
        {
          ...h,
          path: file,
          btfPath,
          symbols: [symbol],
          binaryDigests: Array.from({ length: count }, () => `sha256:${"0".repeat(64)}`),
        },
      ],
    })),
  fc
    .tuple(hook, program, name, name)
    .map(([h, file, provider, probe]) => ({ usdts: [{ ...h, path: file, provider, name: probe }] })),
);

/** A policy as text: JSON is YAML. */
export const anyPolicy: fc.Arbitrary<string> = fc
  .record({
    hooks: spec,
    whom: seldom(scope, {}),
    loader: seldom(fc.constant(true), undefined),
    pattern: seldom(fc.constant("a\tb"), "^a"),
    enforcers: seldom(fc.constant([{ calls: ["sys_dup", "security_file_open"] }]), undefined),
  })
  .map(({ hooks, whom, loader, pattern, enforcers }) => {
    const lists = [
      { name: "calls", type: "syscalls", values: ["sys_dup", "arm64/sys_dup2"] },
      { name: "all", type: "generated_ftrace", pattern },
    ];
    const head = { apiVersion: "cilium.io/v1alpha1", kind: "TracingPolicy", metadata: { name: "p" } };
    return JSON.stringify({ ...head, spec: { ...hooks, ...whom, loader, enforcers, lists } });
  });
