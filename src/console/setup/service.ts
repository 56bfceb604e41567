import type { Me, SetupRequest, SetupStatus } from "../../core/api/auth.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { newUuid, randomToken, sha256Hex } from "../../core/ids.ts";
import type { AuditLog } from "../audit/contract.ts";
import { addressKey } from "../users/address-key.ts";
import { checkPassword, checkPlainText, type Passwords } from "../users/password.ts";
import type { AttemptLimiter } from "../users/service.ts";
import type { Client, Sessions } from "../users/sessions.ts";
import type { SetupStore } from "./store.ts";

const ATTEMPTS_PER_MINUTE = 10;

export interface SetupService {
  status(): Promise<SetupStatus>;
  /** A fresh link, older ones void; undefined when set-up is complete. The token is in the fragment, which browsers never send. */
  createSetupLink(): Promise<string | undefined>;
  /** Uses up the link: makes the tenant and its first administrator and signs them in. AppError `invalid_credentials`, `conflict`. */
  complete(request: SetupRequest, client: Client): Promise<{ token: string; me: Me }>;
}

/** First-run set-up. `publicUrl` gives the Console's own address, as `https://host:port`. */
export function createSetupService(deps: {
  store: SetupStore;
  sessions: Sessions;
  passwords: Passwords;
  audit: AuditLog;
  limiter: AttemptLimiter;
  clock: Clock;
  publicUrl: () => string;
  version: string;
}): SetupService {
  const { store, clock } = deps;
  const complete = (): AppError =>
    new AppError("conflict", "Set-up is complete already.", {
      hint: "Sign in, or ask an administrator for an account.",
    });

  const refuse = async (client: Client): Promise<never> => {
    await deps.audit.record({
      tenantId: undefined,
      actionType: "setup_refused",
      outcome: "failure",
      detail: { reason: "unknown_link" },
      clientIp: client.ip,
      userAgent: client.userAgent,
    });
    throw new AppError("invalid_credentials", "This set-up link is used up, void or wrong.", {
      hint: "Take the newest link from the Console's log, or make one on its host with: telovix console setup-link",
    });
  };

  return {
    status: async () => ({ complete: await store.isComplete(), version: deps.version }),

    async createSetupLink() {
      const token = randomToken(32);
      const made = await store.replaceLink(sha256Hex(token), new Date(clock.nowMs()));
      return made ? `${deps.publicUrl().replace(/\/+$/, "")}/setup#${token}` : undefined;
    },

    async complete(request, client) {
      deps.limiter.check(`setup ${addressKey(client.ip ?? "")}`, ATTEMPTS_PER_MINUTE);
      if (await store.isComplete()) throw complete();
      const linkHash = sha256Hex(request.token);
      // Looked up before the password is hashed: strangers must not make the Console work.
      if (!(await store.isLinkOpen(linkHash))) return refuse(client);
      const { email, name, organisation, password } = request;
      checkPlainText({ email, name, organisation });
      checkPassword(password, [email, name, organisation]);
      const nowMs = clock.nowMs();
      const who = { tenantId: newUuid(nowMs), userId: newUuid(nowMs) };
      const outcome = await store.complete({
        ...who,
        linkHash,
        organisation,
        email,
        name,
        passwordHash: await deps.passwords.hash(password),
        at: new Date(nowMs),
        clientIp: client.ip,
        userAgent: client.userAgent,
      });
      if (outcome === "complete_already") throw complete();
      if (outcome === "unknown_link") return refuse(client);
      return deps.sessions.start(who, client);
    },
  };
}
