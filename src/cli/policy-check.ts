import { checkPolicyBytes } from "../core/policy/check.ts";
import { LIMITS } from "../core/policy/read/limits.ts";
import type { DocumentReport, PolicyReport } from "../core/policy/report.ts";
import { EXIT, listFlag, type Call } from "./command.ts";
import { UsageError } from "./parse.ts";
import { checkHere } from "./policy-check-here.ts";
import { PolicyNames } from "./policy-check-names.ts";
import { readPolicyFiles, type PolicyFile } from "./policy-files.ts";
import { printable, problemLines } from "./policy-problems.ts";
import { readVariables } from "./policy-variables.ts";

interface Checked {
  readonly file: PolicyFile;
  /** Absent when the file can't be read. */
  readonly report?: PolicyReport;
}

/** `telovix policy check`. */
export async function run(call: Call): Promise<number> {
  if (call.args.length === 0)
    throw new UsageError("'policy check' needs a file or a directory.", "Write: telovix policy check policies/");
  const variables = readVariables(listFlag(call.flags, "set"));
  const isJson = call.flags["json"] === true;
  const names = new PolicyNames();
  const check = async (file: PolicyFile, bytes: Uint8Array): Promise<PolicyReport> => {
    const report = names.check(file.path, checkPolicyBytes(bytes, { variables }));
    return call.flags["here"] === true ? checkHere(report, call.signal) : report;
  };
  const checked: Checked[] = [];
  for await (const file of readPolicyFiles(call.args, LIMITS.fileBytes)) {
    if (call.signal.aborted) return EXIT.failed;
    const result: Checked = file.bytes === undefined ? { file } : { file, report: await check(file, file.bytes) };
    if (!isJson) print(result, call);
    checked.push({ ...result, file: { path: file.path, ...(file.fault === undefined ? {} : { fault: file.fault }) } });
  }
  const counts = count(checked);
  // What is broken may have the placeholder all the same.
  if (counts.invalid + counts.unreadable === 0) variables.refuseUnused();
  if (isJson) call.out(`${JSON.stringify({ ...counts, files: checked.map(toJson) }, null, 2)}\n`);
  else call.out(`policies: ${summary(counts)}\n`);
  if (counts.unreadable > 0) return EXIT.usage;
  return counts.invalid > 0 ? EXIT.failed : EXIT.ok;
}

function print({ file, report }: Checked, call: Call): void {
  // Names come from directories and from the files themselves.
  const path = printable(file.path);
  if (report === undefined) {
    call.err(`${path}: ${file.fault ?? "can't be read"}\n`);
    return;
  }
  for (const document of report.documents) {
    for (const problem of document.problems) call.out(problemLines(path, problem));
    const at = report.documents.length > 1 ? `${path}:${document.line}` : path;
    call.out(`${at}: ${document.verdict}${title(document)}\n`);
  }
}

function title({ name, kind }: DocumentReport): string {
  const parts = [kind, name].filter((part) => part !== undefined).map(printable);
  return parts.length === 0 ? "" : `: ${parts.join(" ")}`;
}

function count(checked: readonly Checked[]) {
  const verdicts = checked.flatMap(({ report }) => report?.documents.map((d) => d.verdict) ?? []);
  const of = (verdict: DocumentReport["verdict"]): number => verdicts.filter((v) => v === verdict).length;
  return {
    valid: of("valid"),
    invalid: of("invalid"),
    skipped: of("skipped"),
    unreadable: checked.filter(({ report }) => report === undefined).length,
  };
}

function summary({ valid, invalid, skipped, unreadable }: ReturnType<typeof count>): string {
  const more = [
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(unreadable > 0 ? [`${unreadable} not readable`] : []),
  ];
  return [`${valid} valid`, `${invalid} invalid`, ...more].join(", ");
}

function toJson({ file, report }: Checked) {
  return {
    path: file.path,
    ...(report === undefined
      ? { error: file.fault }
      : { verdict: report.verdict, documents: report.documents.map(withoutModel) }),
  };
}

/** The model is for the engine's compiler, and has numbers JSON can't hold. */
function withoutModel({ index, line, name, kind, verdict, problems }: DocumentReport): Omit<DocumentReport, "policy"> {
  const named = { ...(name === undefined ? {} : { name }), ...(kind === undefined ? {} : { kind }) };
  return { index, line, ...named, verdict, problems };
}
