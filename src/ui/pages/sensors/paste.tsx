import type { JSX } from "preact";
import type { CreatedToken, TokenSummary } from "../../../core/api/tokens.ts";
import { second } from "../../clock.ts";
import { formatCount, plural } from "../../format.ts";
import { Button } from "../../parts/button.tsx";
import { CopyButton } from "../../parts/copy.tsx";
import { StateMark } from "../../parts/marks.tsx";

const DAY_MS = 86_400_000;

/** The line to paste, and what became of its token. */
export function Paste(props: {
  created: CreatedToken;
  own: TokenSummary | undefined;
  /** The sensor has sent a heartbeat since it used the token. */
  reports: boolean;
  again?: { readonly words: string; readonly run: () => void };
  onClose: () => void;
}): JSX.Element {
  const { created, own } = props;
  const leftMs = Date.parse(created.expires_at) - second.value;
  const used = own?.status === "used";
  const over = !used && (leftMs <= 0 || own?.status === "expired" || own?.status === "revoked");
  return (
    <div class="stack stack-4">
      <div class="stack">
        <p class="prose">
          {own?.kind === "cluster"
            ? "Run this on every node of the cluster, as root:"
            : "Paste this on the node, as root:"}
        </p>
        <Command text={created.install_command} what="Copy the command" off={over || used} />
        {!used && !over && (
          <p class="faint">Copy it now: the token in it is not shown again. The Console keeps only its hash.</p>
        )}
      </div>
      <details class="manual">
        <summary>The node can't reach this console with curl</summary>
        <p class="prose quiet">
          Copy the file <span class="machine">telovix</span> to the node by hand, then run there, as root:
        </p>
        <Command text={created.manual_command} what="Copy the command for by-hand deployment" off={over || used} />
        <p class="faint">
          Console <span class="machine">{created.console_url}</span>, key{" "}
          <span class="machine wrap-anywhere">{created.pinned_public_key}</span>
        </p>
      </details>
      {own?.kind === "cluster" && !over ? (
        <ClusterWaiting token={own} />
      ) : (
        <Waiting own={own} reports={props.reports} used={used} over={over} leftMs={leftMs} />
      )}
      <div class="row">
        {props.again && <Button onClick={props.again.run}>{props.again.words}</Button>}
        <Button kind="quiet" onClick={props.onClose}>
          {used ? "Done" : "Close"}
        </Button>
      </div>
    </div>
  );
}

function ClusterWaiting({ token }: { token: TokenSummary }): JSX.Element {
  const daysLeft = Math.ceil((Date.parse(token.expires_at) - second.value) / DAY_MS);
  const of = token.max_nodes === null ? "" : ` of ${formatCount(token.max_nodes)}`;
  return (
    <div class="waiting" role="status">
      {token.nodes === 0 ? (
        <span class="spinner" aria-hidden="true" />
      ) : (
        <StateMark tone="healthy">{`${formatCount(token.nodes)}${of}`}</StateMark>
      )}
      <span class="grow">
        {token.nodes === 0
          ? "Waiting for the first node…"
          : `${plural(token.nodes, "node")} of ${token.cluster} enrolled.`}
      </span>
      <span class="faint">valid for another {plural(daysLeft, "day")}</span>
    </div>
  );
}

function Waiting(props: {
  own: TokenSummary | undefined;
  reports: boolean;
  used: boolean;
  over: boolean;
  leftMs: number;
}): JSX.Element {
  const { own, reports } = props;
  if (props.used)
    return (
      <div class="waiting waiting-done" role="status">
        <StateMark tone="healthy">{reports ? "Reporting" : "Enrolled"}</StateMark>
        <span class="grow">
          {reports
            ? `${own?.node_name ?? "The sensor"} is enrolled and reports.`
            : `${own?.node_name ?? "The sensor"} has its certificate. Waiting for its first heartbeat…`}
        </span>
        {own?.sensor_id && own.kind === "once" && (
          <a class="button button-primary" href={`/sensors/${own.sensor_id}`}>
            Open the sensor
          </a>
        )}
      </div>
    );
  if (props.over)
    return (
      <div class="waiting" role="status">
        <StateMark tone="degraded">{own?.status === "revoked" ? "Revoked" : "Expired"}</StateMark>
        <span class="grow">No sensor came with this token. Make a new command.</span>
      </div>
    );
  return (
    <div class="waiting" role="status">
      <span class="spinner" aria-hidden="true" />
      <span class="grow">Waiting for the sensor…</span>
      <span class="faint">
        valid for another <span class="machine">{clockLeft(props.leftMs)}</span>
      </span>
    </div>
  );
}

function Command({ text, what, off }: { text: string; what: string; off: boolean }): JSX.Element {
  return (
    <div class={`command-box${off ? " command-off" : ""}`}>
      <pre class="command machine" tabIndex={0} aria-label={what.replace("Copy the ", "")}>
        {text}
      </pre>
      <CopyButton text={text} what={what} words="Copy" />
    </div>
  );
}

function clockLeft(ms: number): string {
  const secs = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(secs / 60)}:${String(secs % 60).padStart(2, "0")}`;
}
