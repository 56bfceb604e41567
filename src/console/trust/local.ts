import type { CreatedToken, TokenSummary } from "../../core/api/tokens.ts";
import type { AuthorityStatus, RotationAction } from "../../core/api/trust.ts";
import { AppError } from "../../core/error.ts";
import type { RotationService } from "./rotation/service.ts";
import type { Actor, TokenService } from "./tokens.ts";

/** What the administrator of the Console's host may do about trust, through the control socket: everything, as the first tenant. */
export interface LocalTrust {
  /** `sensor` names a sensor by id or node name; `cluster` makes a cluster's token. */
  createToken(request: object): Promise<CreatedToken>;
  listTokens(): Promise<TokenSummary[]>;
  revokeToken(tokenId: string): Promise<void>;
  authority(): Promise<AuthorityStatus>;
  rotate(action: RotationAction, request: object): Promise<AuthorityStatus>;
}

/** Binds the services of trust to the host's administrator. */
export function localTrust(deps: {
  readonly tokens: TokenService;
  readonly rotation: RotationService;
  /** Where nodes reach the Console. */
  readonly url: () => string;
  readonly tenant: () => Promise<string | undefined>;
}): LocalTrust {
  const { tokens, rotation, url } = deps;
  const actor = async (): Promise<Actor> => {
    const tenantId = await deps.tenant();
    if (tenantId === undefined)
      throw new AppError("setup_required", "Set-up is not complete yet.", { hint: "Open the set-up link first." });
    return { tenantId, email: undefined };
  };
  return {
    async createToken(request) {
      const who = await actor();
      if ("cluster" in request) return tokens.createForCluster(who, request, url());
      const { sensor, ...rest } = request as { sensor?: unknown };
      if (typeof sensor !== "string") return tokens.create(who, request, url());
      return tokens.create(who, { ...rest, sensor_id: await tokens.resolveSensor(who.tenantId, sensor) }, url());
    },
    listTokens: async () => tokens.list((await actor()).tenantId),
    revokeToken: async (tokenId) => tokens.revoke(await actor(), tokenId),
    authority: async () => rotation.status((await actor()).tenantId),
    rotate: async (action, request) => rotation.act(await actor(), action, request),
  };
}
