import type { LoginRequest, Me } from "../../core/api/auth.ts";
import { AppError } from "../../core/error.ts";
import type { AuditLog } from "../audit/contract.ts";
import type { Principal } from "../http/env.ts";
import { addressKey } from "./address-key.ts";
import { checkPlainText, type Passwords } from "./password.ts";
import type { Client, Sessions } from "./sessions.ts";
import type { UserStore } from "./store.ts";

const ATTEMPTS_PER_MINUTE = 10;

/** Throws AppError `rate_limited` when a key has had its share of the last minute. */
export interface AttemptLimiter {
  check(key: string, perMinute: number): void;
}

export interface UserService {
  /** AppError `invalid_credentials` whatever was wrong, `rate_limited` after ten attempts a minute by address or account. */
  signIn(request: LoginRequest, client: Client): Promise<{ token: string; me: Me }>;
  signOut(principal: Principal, client: Client): Promise<void>;
  me(principal: Principal): Promise<Me>;
}

/** Signing in and out. */
export function createUserService(deps: {
  store: UserStore;
  sessions: Sessions;
  passwords: Passwords;
  audit: AuditLog;
  limiter: AttemptLimiter;
}): UserService {
  const { store, sessions, passwords, audit, limiter } = deps;
  return {
    async signIn({ email, password }, client) {
      checkPlainText({ email });
      limiter.check(`sign-in address ${addressKey(client.ip ?? "")}`, ATTEMPTS_PER_MINUTE);
      limiter.check(`sign-in account ${email.toLowerCase()}`, ATTEMPTS_PER_MINUTE);
      const account = await store.findAccount(email);
      const right = await passwords.verify(password, account?.passwordHash);
      const entry = { tenantId: account?.tenantId, clientIp: client.ip, userAgent: client.userAgent };
      if (!account || !right || account.disabled) {
        const reason = !account ? "unknown_address" : right ? "account_disabled" : "wrong_password";
        await audit.record({
          ...entry,
          actionType: "sign_in",
          outcome: "failure",
          actorEmail: email,
          detail: { reason },
        });
        throw new AppError("invalid_credentials", "The address or the password is wrong.");
      }
      const started = await sessions.start(account, client);
      await audit.record({
        ...entry,
        actionType: "sign_in",
        outcome: "success",
        actorEmail: account.email,
        detail: {},
      });
      return started;
    },

    async signOut(principal, client) {
      await sessions.end(principal.tenantId, principal.sessionHash);
      await audit.record({
        tenantId: principal.tenantId,
        actionType: "sign_out",
        outcome: "success",
        actorEmail: principal.email,
        detail: {},
        clientIp: client.ip,
        userAgent: client.userAgent,
      });
    },

    me: (principal) => sessions.me(principal.sessionHash),
  };
}
