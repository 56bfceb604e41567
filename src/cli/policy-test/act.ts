import { execFile } from "node:child_process";
import { Type } from "typebox";
import { compile } from "../../core/check.ts";
import { actArguments, type ActAnswer, type SelfTestStep } from "../../core/policy/pack/self-test.ts";

/** Some wait a second for what they start; an emulated machine takes ten times as long. */
const TIMEOUT_MS = 60_000;

const checkAnswer = compile(
  Type.Object({
    pid: Type.Integer(),
    result: Type.String({ maxLength: 64 }),
    target: Type.Optional(Type.String({ maxLength: 4096 })),
    foreseen: Type.Boolean(),
  }),
);

/** What came of an action. */
export interface Acted {
  /** Undefined: it could not be carried out at all. */
  readonly answer: ActAnswer | undefined;
  /** Why it went otherwise than it should; undefined when it went well. */
  readonly trouble: string | undefined;
}

/** Carries out the action of a step. Never rejects. */
export function act(engine: string, step: SelfTestStep, signal: AbortSignal): Promise<Acted> {
  return new Promise((resolve) => {
    const options = { signal, timeout: TIMEOUT_MS, env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } };
    execFile(engine, actArguments(step), options, (error, stdout, stderr) => {
      let value: unknown;
      try {
        value = JSON.parse(stdout);
      } catch {
        const said = stderr.trim().split("\n").at(-1);
        resolve({ answer: undefined, trouble: said || error?.message || "it said nothing" });
        return;
      }
      if (!checkAnswer.is(value)) return resolve({ answer: undefined, trouble: "its answer can't be read" });
      const { pid, target, result, foreseen } = value;
      const answer = target === undefined ? { pid } : { pid, target };
      resolve({ answer, trouble: foreseen ? undefined : `it ended with ${result}` });
    });
  });
}
