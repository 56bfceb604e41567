import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { RotationAction } from "../../../core/api/trust.ts";
import { actionsIn, issuingId, servingId, stepOf, type Standing } from "./phases.ts";

const record = (id: string, standing: "issuing" | "trusted" | "retired"): Standing["authorities"][number] => ({
  id,
  certificatePem: "",
  standing,
  retiredAt: null,
});

const first: Standing = {
  phase: "stable",
  since: new Date(0),
  version: 1,
  oldId: null,
  newId: null,
  authorities: [record("a0", "issuing")],
};

/** The whole machine in memory, as the store does it in PostgreSQL. */
function after(standing: Standing, action: RotationAction): Standing {
  if (action === "rotate") {
    if (standing.phase !== "stable") return standing;
    const id = `a${standing.authorities.length}`;
    return {
      ...standing,
      phase: "dual_trust",
      version: standing.version + 1,
      oldId: issuingId(standing),
      newId: id,
      authorities: [...standing.authorities, record(id, "trusted")],
    };
  }
  const step = stepOf(standing, action);
  if (!step) return standing;
  const as = (id: string): "issuing" | "trusted" | "retired" =>
    step.issuing === id ? "issuing" : step.trusted.includes(id) ? "trusted" : "retired";
  const stable = step.phase === "stable";
  return {
    ...standing,
    phase: step.phase,
    version: standing.version + 1,
    oldId: stable ? null : standing.oldId,
    newId: stable ? null : standing.newId,
    authorities: standing.authorities.map((a) => record(a.id, as(a.id))),
  };
}

const accepted = (standing: Standing): string[] =>
  standing.authorities.filter((a) => a.standing !== "retired").map((a) => a.id);

interface Sensor {
  issuer: string;
  bundle: string[];
  /** Cut off by a step that named it before. */
  warned: boolean;
}

type Op = { readonly on: RotationAction } | { readonly enrol: true } | { readonly contact: number };

const ops = fc.array(
  fc.oneof<fc.Arbitrary<Op>[]>(
    fc.constantFrom<RotationAction>("rotate", "advance", "abort").map((on) => ({ on })),
    fc.constant({ enrol: true as const }),
    fc.nat(4).map((contact) => ({ contact })),
  ),
  { maxLength: 60 },
);

describe("the change of an authority", () => {
  test("goes forward and back one step at a time", () => {
    const trusting = after(first, "rotate");
    const issuing = after(trusting, "advance");
    const done = after(issuing, "advance");
    expect([trusting, issuing, done].map((s) => s.phase)).toEqual(["dual_trust", "dual_issue", "stable"]);
    expect([trusting, issuing, done].map(issuingId)).toEqual(["a0", "a1", "a1"]);
    expect([trusting, issuing, done].map(servingId)).toEqual(["a0", "a0", "a1"]);
    expect(after(issuing, "abort")).toMatchObject({
      phase: "dual_trust",
      authorities: [{ standing: "issuing" }, { standing: "trusted" }],
    });
    expect(after(after(issuing, "abort"), "abort")).toMatchObject({ phase: "stable", newId: null });
    expect(actionsIn("stable")).toEqual(["rotate"]);
  });

  test("never cuts off a sensor that the step did not name, whatever happens in whatever order", () => {
    fc.assert(
      fc.property(ops, (sequence) => {
        let standing = first;
        const sensors: Sensor[] = [];
        for (const op of sequence) {
          if ("enrol" in op) sensors.push({ issuer: issuingId(standing), bundle: accepted(standing), warned: false });
          else if ("contact" in op) {
            const sensor = sensors[op.contact];
            if (!sensor || sensor.warned) continue;
            // A heartbeat brings the bundle, and a renewal if another authority issues now.
            sensor.bundle = accepted(standing);
            sensor.issuer = issuingId(standing);
          } else {
            const before = standing;
            const drops = op.on === "rotate" ? undefined : stepOf(before, op.on)?.drops;
            standing = after(before, op.on);
            const retires = op.on === "advance";
            for (const sensor of sensors)
              if (
                drops !== undefined &&
                (sensor.issuer === drops || (retires && accepted(before).some((id) => !sensor.bundle.includes(id))))
              )
                sensor.warned = true;
          }
          expect(standing.authorities.filter((a) => a.standing === "issuing")).toHaveLength(1);
          expect(accepted(standing)).toContain(servingId(standing));
          expect(accepted(standing)).toHaveLength(standing.phase === "stable" ? 1 : 2);
          for (const sensor of sensors)
            if (!sensor.warned) {
              expect(accepted(standing)).toContain(sensor.issuer);
              expect(sensor.bundle).toContain(servingId(standing));
            }
        }
      }),
      { numRuns: 500 },
    );
  });
});
