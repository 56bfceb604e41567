import { integerOf, listOf, objectOf, textOf, type Json } from "./fields.ts";

const PATH_MAX = 4096;

/** One argument with the name its policy gave it. */
export interface NamedArg {
  readonly label: string;
  readonly value: string;
  /** A text or the path of a file, and no number. */
  readonly isText: boolean;
}

/** The arguments of a hook, in call order. */
export class Args {
  readonly #args: readonly Json[];
  /** Return value; negative is an errno. Undefined when the call was not followed to its end. */
  readonly result: number | undefined;

  constructor(body: Json) {
    this.#args = listOf(body["args"]).slice(0, 16).map(objectOf);
    const ret = objectOf(body["return"]);
    this.result = integerOf(ret["int_arg"] ?? ret["size_arg"] ?? ret["long_arg"]);
  }

  get failed(): boolean {
    return this.result !== undefined && this.result < 0;
  }

  /** " (failed: errno 13)" or nothing. */
  get outcome(): string {
    return this.failed ? `, which failed (errno ${-this.result!})` : "";
  }

  number(index: number): number | undefined {
    const arg = this.#args[index];
    if (!arg) return undefined;
    return integerOf(arg["int_arg"] ?? arg["size_arg"] ?? arg["uint_arg"] ?? arg["long_arg"] ?? arg["bpf_cmd_arg"]);
  }

  text(index: number): string | undefined {
    const arg = this.#args[index];
    if (!arg) return undefined;
    const file = objectOf(arg["file_arg"] ?? arg["path_arg"] ?? arg["linux_binprm_arg"]);
    return textOf(arg["string_arg"] ?? arg["bpf_cmd_arg"] ?? file["path"], PATH_MAX);
  }

  /** All texts, in order: of a call with paths, the paths. */
  texts(): string[] {
    return this.#args.flatMap((_, i) => this.text(i) ?? []);
  }

  /** All numbers, in order. */
  numbers(): number[] {
    return this.#args.flatMap((_, i) => this.number(i) ?? []);
  }

  /** Arguments by the labels of the policy that asked for them, in order; those of other kinds are left out. */
  named(): NamedArg[] {
    return this.#args.flatMap((arg, i) => {
      const label = textOf(arg["label"], 64);
      const text = this.text(i);
      const value = text ?? this.number(i)?.toString();
      return label && value !== undefined ? [{ label, value, isText: text !== undefined }] : [];
    });
  }

  /** The first argument that is the address of a peer or of this end, and what the policy calls it. */
  address(): { readonly at: Json; readonly label: string | undefined } | undefined {
    const arg = this.#args.find((a) => a["sockaddr_arg"] !== undefined || a["sockaddrun_arg"] !== undefined);
    if (!arg) return undefined;
    return { at: objectOf(arg["sockaddr_arg"] ?? arg["sockaddrun_arg"]), label: textOf(arg["label"], 64) };
  }

  file(): Json {
    const arg = this.#args.find((a) => a["file_arg"] !== undefined || a["path_arg"] !== undefined);
    return objectOf(arg?.["file_arg"] ?? arg?.["path_arg"]);
  }

  sock(): Json {
    const arg = this.#args.find((a) => a["sock_arg"] !== undefined || a["skb_arg"] !== undefined);
    return objectOf(arg?.["sock_arg"] ?? arg?.["skb_arg"]);
  }
}
