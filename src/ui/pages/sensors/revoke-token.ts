import type { TokenSummary } from "../../../core/api/tokens.ts";
import { api, toFailure } from "../../api.ts";
import { confirm } from "../../parts/confirm.tsx";
import { toastDone, toastFailed } from "../../parts/toast.tsx";
import { revokeQuestion, tokenName } from "./token-words.ts";

/** Asks, revokes, and says how it went; true when something may have changed. */
export async function revokeToken(token: TokenSummary): Promise<boolean> {
  if (!(await confirm(revokeQuestion(token)))) return false;
  const name = tokenName(token);
  try {
    await api.revokeToken(token.token_id);
    toastDone(`Revoked ${name}.`);
  } catch (error) {
    toastFailed(`Could not revoke ${name}.`, toFailure(error));
  }
  return true;
}
