import { ALPHA, DIR, type Case } from "../../case.ts";

/** A function of the kernel, and one that an LSM hook stands for as well. */
export const FUNCTION = ["kprobe|fentry"];
export const SECURITY = ["lsm|kprobe|fentry"];
export const secret = `${DIR}/f/secret`;
export const other = `${DIR}/f/other`;
export const inAlpha = { matchBinaries: [{ operator: "In", values: [ALPHA] }] };

type Example = Omit<Case, "group" | "shows"> & { readonly group?: string };

/** A whole policy as a user writes it; its row in docs/kernels.md is named after it. */
export const example = (c: Example): Case => ({
  group: "examples",
  shows: { example: c.name.replace(/^example-/, "") },
  ...c,
});
