import { ROTATION_ACTIONS, type AuthorityStatus, type RotationAction, type RotationPhase } from "../core/api/trust.ts";
import { consoleDataDir } from "../console/config.ts";
import { EXIT, textFlag, type Call } from "./command.ts";
import { askConsole } from "./control-client.ts";
import { UsageError } from "./parse.ts";

const PHASES: Readonly<Record<RotationPhase, string>> = {
  stable: "one authority; 'telovix console ca rotate' begins a change",
  dual_trust: "sensors learn the next authority, the old one signs; 'advance' lets the next one sign",
  dual_issue: "the next authority signs, sensors renew; 'advance' retires the old one",
};

/** The status as lines. */
function authorityText(status: AuthorityStatus): string {
  const lines = [
    `phase         ${status.phase}: ${PHASES[status.phase]}`,
    `since         ${status.since}`,
    ...status.authorities.map(
      (a) =>
        `${a.standing === "issuing" ? "signs        " : "trusted      "} ${a.subject}, until ${a.not_after}, ${a.sensors} of ${status.sensors} sensors (${a.id.slice(0, 16)})`,
    ),
    `bundle        ${status.sensors_with_bundle} of ${status.sensors} sensors have stored what they trust the Console by`,
    `certificate   of the Console until ${status.server_certificate_ends_at}`,
    `pin           ${status.pinned_public_key}`,
  ];
  const lacking = status.hosts.filter((host) => host.lacks_key);
  if (lacking.length > 0) {
    lines.push(
      "keys missing on Consoles of this installation; copy the files ca* of trust/ there from one that has them:",
    );
    for (const host of lacking) lines.push(`  ${host.name}, last heard ${host.seen_at}`);
  }
  if (status.waiting_total > 0) {
    lines.push(`would be cut off: ${status.waiting_total}`);
    for (const sensor of status.waiting)
      lines.push(
        `  ${sensor.node_name} (${sensor.sensor_id}), last heard ${sensor.last_seen_at ?? "never"}: waits for ${sensor.reason === "certificate" ? "its certificate" : "the bundle"}`,
      );
    if (status.waiting.length < status.waiting_total)
      lines.push(`  and ${status.waiting_total - status.waiting.length} more`);
  }
  return `${lines.join("\n")}\n`;
}

/** `telovix console ca status|rotate|advance|abort`. */
export async function run(call: Call): Promise<number> {
  const [action = "status", ...more] = call.args;
  if (more.length > 0 || (action !== "status" && !ROTATION_ACTIONS.includes(action as RotationAction)))
    throw new UsageError(`There is no 'console ca ${call.args.join(" ")}'.`, "It is status, rotate, advance or abort.");
  const dataDir = consoleDataDir(textFlag(call.flags, "data-dir"));
  const status =
    action === "status"
      ? await askConsole<AuthorityStatus>(dataDir, "GET", "/ca")
      : await askConsole<AuthorityStatus>(dataDir, "POST", `/ca/${action}`, { force: call.flags["force"] === true });
  call.out(call.flags["json"] ? `${JSON.stringify(status, null, 2)}\n` : authorityText(status));
  return EXIT.ok;
}
