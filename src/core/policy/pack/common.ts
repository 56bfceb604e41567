import { Type } from "typebox";

/** metadata.name of the policy, and the name of its files. */
export const PolicyName = Type.String({ pattern: "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", maxLength: 63 });

export const Title = Type.String({ minLength: 3, maxLength: 100 });

/** One or more sentences; a program may begin one by its name. */
export const Sentence = Type.String({ minLength: 5, maxLength: 1000, pattern: "^\\S[^\\n]*\\.$" });
