import type { Call } from "./command.ts";
import { EXIT } from "./command.ts";
import { UsageError } from "./parse.ts";
import { COMMANDS } from "./table.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

interface Entry {
  readonly words: string;
  readonly next: readonly string[];
}

/** For each prefix of words: what can follow it. */
function entries(): Entry[] {
  const next = new Map<string, Set<string>>();
  const put = (prefix: string, word: string): void => void next.set(prefix, (next.get(prefix) ?? new Set()).add(word));
  for (const command of COMMANDS.filter((c) => !c.hidden)) {
    const words = command.name.split(" ");
    words.forEach((word, i) => put(words.slice(0, i).join(" "), word));
    for (const flag of [...command.flags, { name: "help" }]) put(command.name, `--${flag.name}`);
  }
  return [...next].map(([words, set]) => ({ words, next: [...set] }));
}

function bash(): string {
  const cases = entries().map((e) => `    "${e.words}") words="${e.next.join(" ")}" ;;`);
  return `# bash completion for telovix: telovix completion bash > /etc/bash_completion.d/telovix
_telovix() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" path="" words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in -*) ;; *) path="\${path:+$path }\${COMP_WORDS[i]}" ;; esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _telovix telovix
`;
}

function fish(): string {
  const lines = COMMANDS.filter((c) => !c.hidden).flatMap((command) => {
    const words = command.name.split(" ");
    const last = words.at(-1)!;
    const before = words.slice(0, -1);
    const seen = before.length ? `__fish_seen_subcommand_from ${before.join(" ")}` : "__fish_use_subcommand";
    const flags = command.flags.map(
      (f) =>
        `complete -c telovix -n '__fish_seen_subcommand_from ${last}' -l ${f.name}${f.value === undefined ? "" : " -r"}`,
    );
    return [`complete -c telovix -f -n '${seen}' -a ${last} -d '${command.summary.replaceAll("'", "")}'`, ...flags];
  });
  return `# fish completion for telovix: telovix completion fish > ~/.config/fish/completions/telovix.fish\n${lines.join("\n")}\n`;
}

/** Prints a completion script. */
export async function run(call: Call): Promise<number> {
  const shell = call.args[0];
  if (!SHELLS.some((s) => s === shell))
    throw new UsageError("Which shell?", `Write 'telovix completion ${SHELLS.join("|")}'.`);
  if (shell === "fish") call.out(fish());
  else if (shell === "zsh") call.out(`autoload -U +X bashcompinit && bashcompinit\n${bash()}`);
  else call.out(bash());
  return EXIT.ok;
}
