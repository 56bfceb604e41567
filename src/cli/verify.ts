import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { AppError, errorMessage } from "../core/error.ts";
import { MAX_LINE_CHARS } from "../core/integrity/export-format.ts";
import { ExportFault, type ChainReport, type VerifyReport } from "../core/integrity/report.ts";
import { ExportVerifier } from "../core/integrity/verify.ts";
import { openVerifier } from "../core/sign/ed25519.ts";
import { EXIT, textFlag, type Call } from "./command.ts";
import { UsageError } from "./parse.ts";

/** What the first line of every export says, however much of it was changed otherwise. */
const FORMAT = "telovix-integrity";
const HOW = "Events are exported with their proofs on a sensor's page of the Console, below its losses.";

/** `telovix verify FILE [--key PUB]`: checks an export without a Console or a network. */
export async function run(call: Call): Promise<number> {
  const [path, ...more] = call.args;
  if (path === undefined || more.length > 0)
    throw new UsageError("'verify' needs one file.", "Write: telovix verify db-17.ndjson --key integrity.pub.pem");
  const isJson = call.flags["json"] === true;
  const verifier = new ExportVerifier(await readKey(textFlag(call.flags, "key")));
  let first: string | undefined;
  try {
    for await (const line of linesOf(path)) {
      first ??= line;
      await verifier.line(line);
    }
    const report = verifier.finish();
    const unsigned = report.chains.reduce((sum, chain) => sum + chain.unsignedEvents, 0);
    const inPieces = breaksOf(report).length > 0;
    if (isJson)
      call.out(`${JSON.stringify({ genuine: true, unsigned_events: unsigned, ...toJson(report) }, null, 2)}\n`);
    else call.out(words(report, unsigned));
    const absent = report.chains.some((chain) => chain.absent > 0);
    const unproven = report.late > 0 || report.unproven > 0;
    return unsigned > 0 || inPieces || absent || unproven || !report.keyGiven ? EXIT.findings : EXIT.ok;
  } catch (error) {
    if (!(error instanceof ExportFault)) throw error;
    const { line, where } = error;
    const isOther = line === 1 && !first?.includes(FORMAT);
    const message = isOther ? "it is no export of Telovix: its first line is not the header of one" : error.message;
    if (isJson) call.out(`${JSON.stringify({ genuine: false, fault: { line, message, ...where } }, null, 2)}\n`);
    else if (isOther) call.err(`${path} cannot be verified: ${message}.\n${HOW}\n`);
    else {
      const at =
        where.seq === undefined ? "" : `, number ${where.seq}${where.epoch ? ` of sequence ${where.epoch}` : ""}`;
      call.err(`NOT GENUINE. ${path}, line ${line}${at}: ${message}.\nNothing behind this place was looked at.\n`);
    }
    return EXIT.failed;
  }
}

async function readKey(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    const pem = await readFile(path, "utf8");
    await openVerifier(pem);
    return pem;
  } catch (cause) {
    throw new AppError("invalid_request", `${path} holds no Ed25519 public key: ${errorMessage(cause)}`, {
      cause,
      hint: "Give the Console's trust/integrity-signing.pub.pem.",
    });
  }
}

/** Lines of a file without their newlines. What stands behind the last newline is a line too: an export ends with one. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of createReadStream(path, { encoding: "utf8", highWaterMark: 1 << 20 })) {
    const parts = (rest + (chunk as string)).split("\n");
    rest = parts.pop()!;
    yield* parts;
    if (rest.length > MAX_LINE_CHARS) break;
  }
  if (rest !== "") yield rest.slice(0, MAX_LINE_CHARS);
}

const time = (us: number): string => new Date(Math.floor(us / 1000)).toISOString();
const many = (count: number, word: string): string => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
/** A name of the file is not the program's words: nothing in it may move the cursor. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, "?");

function words(report: VerifyReport, unsigned: number): string {
  const { firstUs, lastUs, roots, keyIds } = report;
  const span = firstUs === undefined ? "" : ` from ${time(firstUs)} to ${time(lastUs!)}`;
  const lines = [
    `Genuine: ${many(report.events, "event")} of ${printable(report.nodeName)} (sensor ${report.sensorId})${span}.`,
    "Each is as the Console received it, in the sensor's order; within a piece of a sequence none was taken out and none put in.",
    ...report.chains.map(chainWords),
    ...goneWords(report),
    ...lateWords(report.late),
  ];
  for (const { epoch, from, to } of breaksOf(report))
    lines.push(
      `The chain of sequence ${epoch} was begun anew: each side of ${from} to ${to} is proven by itself, that nothing stood between them is not.`,
    );
  if (report.missing === 0) lines.push("Nothing is missing between the first and the last of them.");
  if (roots.length > 0)
    lines.push(
      roots.length === 1
        ? `Signed: the root of the hour ${roots[0]!.hour}.`
        : `Signed: ${many(roots.length, "root")}, of the hours ${roots[0]!.hour} to ${roots.at(-1)!.hour}.`,
    );
  if (unsigned > 0)
    lines.push(
      `${many(unsigned, "event")} came after the last signed root: they form a chain, but nothing outside this file vouches for them yet.\nExport again after the next hour is signed.`,
    );
  lines.push(
    report.keyGiven
      ? `The key you gave (${keyIds[0]}) signed ${roots.length === 0 ? "none" : unsigned > 0 ? "the rest" : "all"} of it.`
      : `Signed with ${keyIds.length === 0 ? "no key" : `the key ${keyIds.join(", ")}`}, which the file itself names. Compare it with the Console's, or give that with --key:\nwithout it, this shows only that the file agrees with itself.`,
  );
  return `${lines.join("\n")}\n`;
}

/** What is to be said where events are gone: up to when the Console says they may be. */
function goneWords({ chains, unproven, keptFrom }: VerifyReport): string[] {
  const lines: string[] = [];
  if (unproven > 0)
    lines.push(
      `NOT PROVEN: ${many(unproven, "more event")} in this file ${unproven === 1 ? "is" : "are"} of blocks that have lost others since. A block is proven as a whole, so what is left of these may have been changed. They are not among those above.`,
    );
  if (unproven > 0 || chains.some(({ absent }) => absent > 0))
    lines.push(
      `The Console says that it lets go only of events from before ${printable(keptFrom)}: compare that with how long events are to be kept.`,
    );
  return lines;
}

function lateWords(late: number): string[] {
  if (late === 0) return [];
  return [
    `NOT PROVEN: ${many(late, "more event")} in this file ${late === 1 ? "stands" : "stand"} under ${late === 1 ? "a number" : "numbers"} sealed as missing. ${late === 1 ? "It" : "They"} may have waited in a queue and come later, or have been put in: the chain does not tell. They are marked "late" in the file, and are not among those above.`,
  ];
}

/** Where one sequence stands in more than one piece. */
function breaksOf({ chains }: VerifyReport): { epoch: string; from: number; to: number }[] {
  return chains.flatMap((chain, i) => {
    const before = chains.slice(0, i).findLast(({ epoch }) => epoch === chain.epoch);
    return before ? [{ epoch: chain.epoch, from: before.lastSeq, to: chain.firstSeq }] : [];
  });
}

function chainWords(chain: ChainReport): string {
  const lost = chain.missing.map(({ stage, cause, count }) => `${count} (${printable(stage)}: ${printable(cause)})`);
  return `  sequence ${chain.epoch}: numbers ${chain.firstSeq} to ${chain.lastSeq}, ${many(chain.events, "event")}${lost.length > 0 ? `; lost before they came: ${lost.join(", ")}` : ""}.${chain.absent > 0 ? `\n  ${many(chain.absent, "event")} among them ${chain.absent === 1 ? "is" : "are"} not in this file: the Console received them, and they are gone from its store since.` : ""}`;
}

function toJson(report: VerifyReport): object {
  const { firstUs, lastUs } = report;
  return {
    tenant_id: report.tenantId,
    sensor_id: report.sensorId,
    node_name: report.nodeName,
    from: firstUs === undefined ? null : time(firstUs),
    to: lastUs === undefined ? null : time(lastUs),
    events: report.events,
    late_events: report.late,
    unproven_events: report.unproven,
    kept_from: report.keptFrom,
    missing: report.missing,
    key_given: report.keyGiven,
    key_ids: report.keyIds,
    roots: report.roots.map(({ hour, signedAt, keyId }) => ({ hour, signed_at: signedAt, key_id: keyId })),
    chains: report.chains.map((chain) => ({
      epoch: chain.epoch,
      first_seq: chain.firstSeq,
      last_seq: chain.lastSeq,
      signed_to: chain.signedTo ?? null,
      events: chain.events,
      unsigned_events: chain.unsignedEvents,
      absent_events: chain.absent,
      late_events: chain.late,
      unproven_events: chain.unproven,
      missing: chain.missing,
    })),
  };
}
