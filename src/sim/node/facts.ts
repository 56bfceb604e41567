import type { Profile } from "../options.ts";

/** What a simulated node is. */
export interface NodeFacts {
  readonly index: number;
  readonly seed: number;
  readonly profile: Profile;
  readonly nodeName: string;
  readonly serial: string;
  readonly certificateExpiresAt: string;
  readonly startedUs: number;
}
