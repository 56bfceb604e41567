import { policyName, type PolicyStatus } from "./policy-status.ts";

/** What of a policy is worth a line when it changes. */
const stateText = ({ state, reason }: PolicyStatus): string =>
  reason === undefined || reason === "" ? state : `${state}: ${reason}`;

/** Tells what has become of policies since the last look. */
export class PolicyChanges {
  readonly #told = new Map<string, string>();

  constructor(first: readonly PolicyStatus[]) {
    for (const policy of first) this.#told.set(policyName(policy), stateText(policy));
  }

  /** A sentence for each policy whose state or reason is another now. */
  take(now: readonly PolicyStatus[]): readonly string[] {
    return now.flatMap((policy) => {
      const [name, text] = [policyName(policy), stateText(policy)];
      if (this.#told.get(name) === text) return [];
      this.#told.set(name, text);
      return [`Policy ${name} is ${text}`];
    });
  }
}
