/** Every operator on values, with values that fit and near misses. */

/** `values` as the policy has them; `hits` and `misses` are what the trigger is to pass. */
export interface OperatorCase<T> {
  readonly operator: string;
  /** Tells apart two cases of one operator. */
  readonly note?: string;
  readonly values: readonly string[];
  readonly hits: readonly T[];
  readonly misses: readonly T[];
  readonly short?: boolean;
  /** Facts of the kernel it needs. */
  readonly needs?: readonly string[];
}

const strings = (...values: readonly number[]): string[] => values.map(String);

/** Near `base`, up to 16 above; `base` has bit 4 clear and leaves room for it. */
export function integerCases(base: number): OperatorCase<number>[] {
  const b = base;
  const many = [0, 2, 4, 6, 8].map((n) => String(b + n));
  return [
    { operator: "Equal", values: strings(b), hits: [b], misses: [b + 1, b - 1], short: true },
    {
      operator: "Equal",
      note: "four",
      values: [`0x${b.toString(16)}`, `0${(b + 2).toString(8)}`, ...strings(b + 4, b + 6)],
      hits: [b, b + 2, b + 6],
      misses: [b + 1, b + 5],
    },
    { operator: "NotEqual", values: strings(b, b + 1), hits: [b + 2], misses: [b, b + 1] },
    { operator: "GT", values: strings(b), hits: [b + 1], misses: [b, b - 1] },
    { operator: "GreaterThan", values: strings(b), hits: [b + 1], misses: [b] },
    { operator: "LT", values: strings(b), hits: [b - 1], misses: [b, b + 1] },
    { operator: "LessThan", values: strings(b), hits: [b - 1], misses: [b] },
    { operator: "Mask", values: ["0x8"], hits: [b | 8], misses: [b & ~8] },
    { operator: "InRange", values: [`${b}:${b + 2}`], hits: [b, b + 1, b + 2], misses: [b - 1, b + 3] },
    { operator: "NotInRange", values: [`${b}:${b + 2}`], hits: [b - 1, b + 3], misses: [b, b + 2] },
    {
      operator: "InMap",
      values: [...many, `${b + 10}:${b + 12}`],
      hits: [b, b + 8, b + 11],
      misses: [b + 1, b + 9, b + 13],
    },
    {
      operator: "NotInMap",
      values: [...many, `${b + 10}:${b + 12}`],
      hits: [b + 1, b + 13],
      misses: [b, b + 8, b + 12],
    },
    { operator: "CelExpr", values: [`arg0 > ${b} && !(arg0 >= ${b + 3})`], hits: [b + 1, b + 2], misses: [b, b + 3] },
  ];
}

/** Values below zero, for signed types. */
export const signedCases: OperatorCase<number>[] = [
  { operator: "LT", note: "signed", values: ["-7"], hits: [-8], misses: [-7, 8] },
  { operator: "GT", note: "signed", values: ["-7"], hits: [-6], misses: [-8] },
  { operator: "Equal", note: "signed", values: ["-7"], hits: [-7], misses: [7] },
  { operator: "InRange", note: "signed", values: ["-9:-7"], hits: [-9, -7], misses: [-10, -6] },
];

const long = (length: number, end: string): string => `tx-${"l".repeat(length - 3 - end.length)}${end}`;

/** `limit`: the longest text the place can hold; `full` puts in front of a text what every text of the place begins with. */
export function textCases(limit: number, full: (text: string) => string): OperatorCase<string>[] {
  const whole = (...texts: readonly string[]): string[] => texts.map(full);
  const lengths = [20, 45, 90, 140, 230].filter((n) => n <= limit);
  return [
    {
      operator: "Equal",
      values: whole("tx-equal-a", "tx-equal-b"),
      hits: ["tx-equal-a", "tx-equal-b"],
      misses: ["tx-equal-", "tx-equal-ab"],
      short: true,
    },
    ...(lengths.length === 0
      ? []
      : [
          {
            operator: "Equal",
            note: "lengths",
            values: whole(...lengths.map((n) => long(n, "A"))),
            hits: lengths.map((n) => long(n, "A")),
            misses: lengths.map((n) => long(n, "B")),
          },
        ]),
    { operator: "NotEqual", values: whole("tx-ne-a", "tx-ne-b"), hits: ["tx-ne-c"], misses: ["tx-ne-a", "tx-ne-b"] },
    {
      operator: "Prefix",
      values: whole("tx-pre", "tx-other"),
      hits: ["tx-pre", "tx-prefix", "tx-others"],
      misses: ["tx-pr", "tx-othe"],
      short: true,
    },
    { operator: "NotPrefix", values: whole("tx-pre"), hits: ["tx-pr"], misses: ["tx-pre", "tx-prefix"] },
    { operator: "Postfix", values: [".post", "-end"], hits: ["tx.post", "tx-the-end"], misses: ["tx.pos", "tx.post2"] },
    { operator: "NotPostfix", values: [".post"], hits: ["tx.pos"], misses: ["tx.post"] },
    {
      operator: "SubString",
      values: ["-mid-", "-mod-"],
      hits: ["tx-mid-x", "tx-mod-x"],
      misses: ["tx-mi-dx"],
    },
    { operator: "SubStringIgnCase", values: ["-MiD-"], hits: ["tx-mId-x"], misses: ["tx-mi-dx"] },
  ];
}

/** A connection attempt on loopback. */
export interface Way {
  readonly daddr: string;
  readonly dport: number;
  readonly saddr: string;
  readonly sport: number;
}

export const WAY: Way = { daddr: "127.0.1.2", dport: 17001, saddr: "127.0.2.2", sport: 18001 };
const way = (change: Partial<Way>): Way => ({ ...WAY, ...change });
const V6 = way({ daddr: "::1", saddr: "::1" });

/** `destination`: the place knows the peer; `state`: what the TCP state is there. */
export function socketCases(can: {
  destination: boolean;
  source: boolean;
  protocol?: string;
  state?: string;
  v6?: boolean;
}): OperatorCase<Way>[] {
  const source: OperatorCase<Way>[] = [
    {
      operator: "SPort",
      values: ["18001", "18100:18102"],
      hits: [WAY, way({ sport: 18101 })],
      misses: [way({ sport: 18002 }), way({ sport: 18103 })],
    },
    { operator: "NotSPort", values: ["18001"], hits: [way({ sport: 18002 })], misses: [WAY] },
    { operator: "SPortPriv", values: [], hits: [way({ sport: 901 })], misses: [WAY] },
    // The format's own spelling, and the one that goes with the others.
    ...["NotSportPriv", "NotSPortPriv"].map((operator, i) => ({
      operator,
      ...(i === 0 ? {} : { note: "evenly" }),
      values: [],
      hits: [WAY],
      misses: [way({ sport: 901 })],
    })),
    { operator: "SAddr", values: ["127.0.2.0/24", "::1"], hits: [WAY, V6], misses: [way({ saddr: "127.0.3.2" })] },
    { operator: "NotSAddr", values: ["127.0.2.2"], hits: [way({ saddr: "127.0.2.3" })], misses: [WAY] },
  ];
  const destination: OperatorCase<Way>[] = [
    {
      operator: "DPort",
      values: ["17001", "17100:17102"],
      hits: [WAY, way({ dport: 17102 })],
      misses: [way({ dport: 17002 }), way({ dport: 17103 })],
      short: true,
    },
    { operator: "NotDPort", values: ["17001"], hits: [way({ dport: 17002 })], misses: [WAY] },
    { operator: "DPortPriv", values: [], hits: [way({ dport: 902 })], misses: [WAY] },
    { operator: "NotDPortPriv", values: [], hits: [WAY], misses: [way({ dport: 902 })] },
    { operator: "DAddr", values: ["127.0.1.0/24", "::1/128"], hits: [WAY, V6], misses: [way({ daddr: "127.0.3.2" })] },
    { operator: "NotDAddr", values: ["127.0.1.0/24"], hits: [way({ daddr: "127.0.3.2" })], misses: [WAY] },
  ];
  const fields: OperatorCase<Way>[] = [
    { operator: "Family", values: ["AF_INET6"], hits: [V6], misses: [WAY] },
    { operator: "Family", note: "v4", values: ["AF_INET"], hits: [WAY], misses: [V6] },
  ];
  if (can.protocol !== undefined) {
    const other = can.protocol === "IPPROTO_TCP" ? "IPPROTO_UDP" : "IPPROTO_TCP";
    fields.push({ operator: "Protocol", values: [can.protocol], hits: [WAY], misses: [] });
    fields.push({ operator: "Protocol", note: "other", values: [other, "IPPROTO_SCTP"], hits: [], misses: [WAY] });
  }
  if (can.state !== undefined) {
    fields.push({ operator: "State", values: [can.state], hits: [WAY], misses: [] });
    fields.push({ operator: "State", note: "other", values: ["TCP_LISTEN", "TCP_TIME_WAIT"], hits: [], misses: [WAY] });
  }
  const all = [...(can.source ? source : []), ...(can.destination ? destination : []), ...fields];
  if (can.v6 !== false) return all;
  const v4 = (ways: readonly Way[]): Way[] => ways.filter((w) => w !== V6);
  return all.map((op) => ({ ...op, hits: v4(op.hits), misses: v4(op.misses) }));
}

/** Names of files of each type, made by the driver. */
export const fileTypeCases: OperatorCase<string>[] = [
  { operator: "FileType", values: ["reg"], hits: ["file"], misses: ["folder", "null"] },
  { operator: "FileType", note: "two", values: ["dir", "chr"], hits: ["folder", "null"], misses: ["file"] },
  { operator: "NotFileType", values: ["regular"], hits: ["folder", "null"], misses: ["file"] },
];
