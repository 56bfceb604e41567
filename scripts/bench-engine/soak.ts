import { account, growth, type Account, type Figure } from "./figures.ts";
import type { Lines, Truth } from "./lines.ts";

const MB = 1e6;
/** The table of processes fills for as long as ended ones are remembered; what grows after the first quarter, grows. */
const WARM_UP_S = 60;
const WARM_UP_SHARE = 0.25;

/** What minutes of steady work showed. */
export interface SoakResult {
  readonly command: string;
  readonly kernel: string;
  readonly subject: string;
  readonly minutes: number;
  readonly events_per_s: number;
  readonly policies_changed: number;
  readonly account: Account;
  readonly samples: number;
  readonly figures: readonly Figure[];
}

/** Records of the kernel per turn of the generator's "mix". */
const recordsPerTurn = (truth: Truth, hasPolicy: boolean): number =>
  truth.exec === 0 ? 0 : 3 + truth.matched / truth.exec + (truth.connect / truth.exec) * (hasPolicy ? 5 : 4);

export function soakResult(lines: Lines, command: string): SoakResult {
  const [run] = lines.of("soak");
  const [machine] = lines.of("machine");
  if (!run || !machine) throw new Error("the soak has no result");
  const warm = lines
    .of("soak-sample")
    .filter((s) => s.second >= Math.max(WARM_UP_S, run.truth.seconds * WARM_UP_SHARE));
  const hasPolicy = run.subject !== "engine-0";
  const balance = account(run.subject, "soak", run.truth, run.tally);
  const grown = (name: string, bytes: number): Figure => ({ name, value: bytes / MB, unit: "MB", budget: 0.5 });
  return {
    command,
    kernel: machine.kernel,
    subject: run.subject,
    minutes: run.truth.seconds / 60,
    events_per_s: run.truth.reached_per_s * recordsPerTurn(run.truth, hasPolicy),
    policies_changed: run.churned,
    account: balance,
    samples: warm.length,
    figures: [
      // On a machine too slow for it nothing is shown by an engine that holds.
      {
        name: "rate wanted / rate reached",
        value: run.truth.wanted_per_s / run.truth.reached_per_s,
        unit: "",
        budget: 1.25,
      },
      ...(hasPolicy
        ? [
            {
              name: "seconds between changes of policies",
              value: run.truth.seconds / run.churned,
              unit: "s",
              budget: 1.1,
            },
          ]
        : []),
      grown("resident: growth after the first quarter", growth(warm, "rss")),
      grown("maps and programs: growth after the first quarter", growth(warm, "maps") + growth(warm, "programs")),
      grown("charged to its cgroup: growth after the first quarter", growth(warm, "charged")),
      {
        name: "policies that are loaded and should not be, or the other way round",
        value: run.mismatched,
        unit: "",
        budget: 0,
      },
      { name: "gaps in seq", value: run.tally.seq_gaps, unit: "", budget: 0 },
      { name: "neither told nor owned up to", value: Math.abs(balance.difference), unit: "", budget: 0 },
      { name: "lost", value: balance.lost, unit: "", budget: 0 },
    ],
  };
}
