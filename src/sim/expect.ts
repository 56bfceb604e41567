import { lanesOf, traitsOf } from "./fleet/fleet.ts";
import type { Behaviour } from "./options.ts";

/** What a fleet of this behaviour makes; every run of it makes the same. */
export function expectedOf(behaviour: Behaviour) {
  const expected = { sensors: behaviour.n, generated: 0, bulk: 0, alert: 0, skewed: 0, flapping: 0, rogues: 0 };
  for (let index = 0; index < behaviour.n; index++) {
    const traits = traitsOf(behaviour, index);
    if (traits.skewMs !== 0) expected.skewed++;
    if (traits.flaps) expected.flapping++;
    if (traits.rogue !== undefined) expected.rogues++;
    for (const lane of lanesOf(behaviour, index, 1, 0)) {
      lane.generate(behaviour.durationMs - traits.offsetMs);
      expected[lane.name] += lane.generated;
      expected.generated += lane.generated;
    }
  }
  return expected;
}
