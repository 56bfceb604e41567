import type { JSX } from "preact";
import { plural } from "../../format.ts";
import { Button } from "../../parts/button.tsx";
import { Section } from "../../parts/pane.tsx";
import { Ago } from "../../parts/time.tsx";
import type { DeployState } from "./deploy-state.ts";
import { TokenFor } from "./token-for.tsx";
import { isOpen } from "./token-words.ts";

const SHOWN = 5;

/** Tokens somebody could still enrol with; the others are in the settings. */
export function OpenTokens({ state }: { state: DeployState }): JSX.Element | null {
  const tokens = state.tokens.state.value.data;
  if (!tokens || tokens.length === 0) return null;
  const open = tokens.filter(isOpen);
  return (
    <Section title="Open tokens" count={String(open.length)} actions={<a href="/settings/tokens">All tokens</a>}>
      {open.length === 0 ? (
        <p class="faint">None: nobody can enrol right now.</p>
      ) : (
        <table class="plain-table">
          <thead>
            <tr>
              <th>For</th>
              <th class="hide-narrow">Made by</th>
              <th>Ends</th>
              <th>
                <span class="visually-hidden">Action</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {open.slice(0, SHOWN).map((token) => (
              <tr key={token.token_id}>
                <td>
                  <TokenFor token={token} />
                </td>
                <td class="hide-narrow">{token.created_by}</td>
                <td class="nowrap">
                  <Ago at={token.expires_at} />
                </td>
                <td class="number">
                  <Button kind="quiet" onClick={() => void state.revoke(token)}>
                    Revoke
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {open.length > SHOWN && <p class="faint">and {plural(open.length - SHOWN, "more", "more")}</p>}
    </Section>
  );
}
