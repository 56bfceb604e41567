import { Type, type Static } from "typebox";

/** Stands in an expected value for the `target` of the action's answer: a path it could not know before. */
const TARGET_PLACEHOLDER = "{target}";

/**
 * One harmless action (`telovix-engine act`) and the event that proves the policy saw it. A runner loads the policy
 * alone, runs the action, and expects at least one event with this policy's name, of the process whose pid the action
 * answers with, in which every field has its value.
 */
export const SelfTestStep = Type.Object(
  {
    act: Type.String({ pattern: "^[a-z][a-z0-9-]{1,63}$" }),
    args: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: 4 })),
    /** Runs it from a copy of the executable below this directory (`--from`). */
    from: Type.Optional(Type.Enum(["/tmp", "/var/tmp", "/dev/shm"])),
    /** File name of that copy (`--as`). */
    as: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$" })),
    /** Runs it in a PID namespace of its own, as in a container (`--pid-ns`). */
    pidNamespace: Type.Optional(Type.Boolean()),
    expect: Type.Object(
      {
        event: Type.Enum(["process_kprobe", "process_tracepoint", "process_lsm", "process_uprobe"]),
        /** By dotted path below the event's object: `message`, `args.1.string_arg`. */
        fields: Type.Record(
          Type.String({ pattern: "^[a-z_]+(\\.([0-9]|[a-z_]+)){0,4}$" }),
          Type.Union([Type.String({ maxLength: 512 }), Type.Integer(), Type.Boolean()]),
          { minProperties: 1 },
        ),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);
export type SelfTestStep = Static<typeof SelfTestStep>;

/** Arguments of `telovix-engine` for the step. */
export function actArguments(step: SelfTestStep): readonly string[] {
  return [
    "act",
    ...(step.from === undefined ? [] : ["--from", step.from]),
    ...(step.as === undefined ? [] : ["--as", step.as]),
    ...(step.pidNamespace === true ? ["--pid-ns"] : []),
    step.act,
    ...(step.args ?? []),
  ];
}

/** What the action answered, as far as it matters. */
export interface ActAnswer {
  readonly pid: number;
  readonly target?: string;
}

/** True when a line of the engine is the event that the step expects of the policy. Numbers may be written as text. */
export function isProof(
  step: SelfTestStep,
  policy: string,
  answer: ActAnswer,
  line: Readonly<Record<string, unknown>>,
): boolean {
  return isOfAction(policy, answer, line[step.expect.event]) && faultsOf(step, answer, line).length === 0;
}

/**
 * In what an event of the action and the policy differs from the one expected; undefined when it is that one, or has to do
 * with another action or policy.
 */
export function differences(
  step: SelfTestStep,
  policy: string,
  answer: ActAnswer,
  line: Readonly<Record<string, unknown>>,
): readonly string[] | undefined {
  const event = Object.keys(line).find((key) => isOfAction(policy, answer, line[key]));
  if (event === undefined) return undefined;
  return event === step.expect.event ? faultsOf(step, answer, line) : [`it is a ${event}`];
}

function isOfAction(policy: string, answer: ActAnswer, event: unknown): boolean {
  return String(at(event, "policy_name")) === policy && at(event, "process.pid") === answer.pid;
}

function faultsOf(step: SelfTestStep, answer: ActAnswer, line: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(step.expect.fields).flatMap(([path, value]) => {
    const wanted = String(value === TARGET_PLACEHOLDER ? answer.target : value);
    const found = String(at(line[step.expect.event], path));
    return found === wanted ? [] : [`${path} is ${found}, not ${wanted}`];
  });
}

function at(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path.split(".")) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}
