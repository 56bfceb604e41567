import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { TokenSummary } from "../../../core/api/tokens.ts";
import { formatCount } from "../../format.ts";
import { Button } from "../../parts/button.tsx";
import type { Column } from "../../parts/column.ts";
import { Segments } from "../../parts/field.tsx";
import { StateMark } from "../../parts/marks.tsx";
import { Await, Empty } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { Ago, When } from "../../parts/time.tsx";
import { roleName } from "../../words.ts";
import { DeployDialog } from "../sensors/deploy-dialog.tsx";
import { TokenFor } from "../sensors/token-for.tsx";
import { isOpen, TOKEN_TONE, TOKEN_WORDS, tokenName } from "../sensors/token-words.ts";
import { createTokensState, type TokensState } from "./tokens-state.ts";

const KINDS: Readonly<Record<TokenSummary["kind"], string>> = {
  once: "One node",
  reenroll: "Re-enrolment",
  cluster: "Cluster",
};

const State = ({ token }: { token: TokenSummary }): JSX.Element => (
  <StateMark tone={TOKEN_TONE[token.status]}>{TOKEN_WORDS[token.status]}</StateMark>
);

function Revoke({ token, state }: { token: TokenSummary; state: TokensState }): JSX.Element | null {
  if (!isOpen(token)) return null;
  return (
    <Button kind="quiet" title={`Revoke ${tokenName(token)}`} onClick={() => void state.revoke(token)}>
      Revoke
    </Button>
  );
}

function columns(state: TokensState): readonly Column<TokenSummary>[] {
  return [
    { id: "state", label: "State", width: "92px", cell: (row) => <State token={row} /> },
    { id: "for", label: "For", width: "minmax(190px, 2fr)", cell: (row) => <TokenFor token={row} /> },
    { id: "kind", label: "Kind", width: "112px", hideBelow: 900, cell: (row) => KINDS[row.kind] },
    {
      id: "role",
      label: "Role",
      width: "96px",
      hideBelow: 1300,
      cell: (row) => <span class="cut">{row.declared_role ? roleName(row.declared_role) : ""}</span>,
    },
    {
      id: "by",
      label: "Made by",
      width: "minmax(140px, 1fr)",
      hideBelow: 760,
      cell: (row) => (
        <span class="cut" title={row.created_by}>
          {row.created_by}
        </span>
      ),
    },
    { id: "made", label: "Made", width: "172px", hideBelow: 1000, cell: (row) => <When at={row.created_at} /> },
    {
      id: "until",
      label: "Used or ends",
      width: "172px",
      cell: (row) => <When at={row.kind === "cluster" ? row.expires_at : (row.used_at ?? row.expires_at)} />,
    },
    { id: "act", label: "", width: "72px", align: "right", cell: (row) => <Revoke token={row} state={state} /> },
  ];
}

/** Every token, who made it and what became of it; where new ones are made and open ones revoked. */
export function TokensSection(): JSX.Element {
  const [state] = useState(createTokensState);
  const [shown] = useState(() => columns(state));
  useEffect(() => state.start(), [state]);
  return (
    <>
      <Await loaded={state.loaded.state.value} onRetry={() => state.loaded.load()}>
        {(tokens) => (
          <>
            <Head state={state} tokens={tokens} />
            {state.rows.value.length === 0 ? (
              <None state={state} any={tokens.length > 0} />
            ) : (
              <div class="panel panel-fill">
                <Table
                  label="Tokens"
                  rows={state.rows.value}
                  columns={shown}
                  rowKey={(row) => row.token_id}
                  active={state.active.value}
                  onActive={(key) => {
                    state.active.value = key;
                  }}
                  rowTone={(row) => (isOpen(row) ? "" : "row-off")}
                  narrow={(row) => (
                    <>
                      <div class="row">
                        <span class="cut grow">
                          <TokenFor token={row} />
                        </span>
                        <State token={row} />
                      </div>
                      <div class="row faint narrow-second">
                        <span class="cut grow">
                          {row.status === "used" ? "used " : isOpen(row) ? "ends " : "ended "}
                          <Ago at={row.kind === "cluster" ? row.expires_at : (row.used_at ?? row.expires_at)} />
                        </span>
                        <Revoke token={row} state={state} />
                      </div>
                    </>
                  )}
                />
              </div>
            )}
          </>
        )}
      </Await>
      {state.making.value && (
        <DeployDialog
          onClose={() => {
            state.making.value = false;
            state.loaded.load();
          }}
        />
      )}
    </>
  );
}

function Head({ state, tokens }: { state: TokensState; tokens: readonly TokenSummary[] }): JSX.Element {
  const open = tokens.filter(isOpen).length;
  return (
    <div class="row row-wrap tokens-head">
      <Segments
        label="Which tokens"
        value={state.all.value ? "all" : "open"}
        onChange={state.show}
        options={[
          { value: "open", label: `Open ${formatCount(open)}` },
          { value: "all", label: `All ${formatCount(tokens.length)}` },
        ]}
      />
      <span class="grow" />
      <Button kind="primary" icon="plus" onClick={() => (state.making.value = true)}>
        New token
      </Button>
    </div>
  );
}

function None({ state, any }: { state: TokensState; any: boolean }): JSX.Element {
  return (
    <Empty
      title={any ? "No open tokens" : "No tokens yet"}
      action={any ? <Button onClick={() => state.show("all")}>Show those that are over</Button> : undefined}
    >
      A token lets a node enrol: one node once within 15 minutes, or the nodes of one cluster for up to two years. On
      the Console's host <span class="machine">telovix console token create</span> makes one too. A known sensor's is
      made on its own page, with Re-enrol.
    </Empty>
  );
}
