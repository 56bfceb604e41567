import { expectedOf } from "../sim/expect.ts";
import { EXIT, type Call } from "./command.ts";
import { behaviourOf } from "./sim-behaviour.ts";

/** `telovix sim expect`. */
export async function run(call: Call): Promise<number> {
  const expected = expectedOf(behaviourOf(call.flags));
  if (call.flags["json"]) call.out(`${JSON.stringify(expected, null, 2)}\n`);
  else
    call.out(
      `${expected.generated} events of ${expected.sensors} sensors: ${expected.bulk} ordinary, ${expected.alert} alerts.\n` +
        `${expected.skewed} clocks are a day off, ${expected.flapping} sensors flap, ${expected.rogues} break the rules.\n`,
    );
  return Promise.resolve(EXIT.ok);
}
