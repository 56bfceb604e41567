import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "./icon.tsx";

const SHOWN_MS = 1600;

async function writeClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Copies a text; says so on itself. `what` names it: "Copy the command". */
export function CopyButton({ text, what, words }: { text: string; what: string; words?: string }): JSX.Element {
  const [result, setResult] = useState<"" | "copied" | "failed">("");
  useEffect(() => {
    if (result === "") return;
    const timer = setTimeout(() => setResult(""), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [result]);
  const label = result === "copied" ? "Copied" : result === "failed" ? "Select and copy by hand" : what;
  return (
    <button
      type="button"
      class={words ? "button button-plain" : "icon-button"}
      aria-label={label}
      title={label}
      onClick={(event) => {
        event.stopPropagation();
        void writeClipboard(text).then((ok) => setResult(ok ? "copied" : "failed"));
      }}
    >
      <Icon name={result === "copied" ? "check" : "copy"} />
      {words && <span>{result === "copied" ? "Copied" : result === "failed" ? "Copy by hand" : words}</span>}
    </button>
  );
}
