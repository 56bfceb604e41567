import type { JSX } from "preact";
import { Dialog } from "../parts/dialog.tsx";
import { bindings } from "../keys.ts";
import { keysOpen } from "./open.ts";

const KEY_WORDS: Readonly<Record<string, string>> = { mod: "Ctrl", Escape: "Esc", Enter: "Enter" };

function keyCaps(keys: string): string[] {
  return keys.split(" ").map((key) =>
    key
      .split("+")
      .map((part) => KEY_WORDS[part] ?? part)
      .join(" "),
  );
}

/** Every key in force, by group. */
export function KeysHelp(): JSX.Element | null {
  if (!keysOpen.value) return null;
  const groups = [...new Set(bindings.value.map((binding) => binding.group))];
  return (
    <Dialog title="Keyboard" onClose={() => (keysOpen.value = false)}>
      <div class="keys">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {bindings.value
                .filter((binding) => binding.group === group)
                .map((binding) => (
                  <div key={binding.keys}>
                    <dt>
                      {keyCaps(binding.keys).map((cap, i) => (
                        <kbd key={i}>{cap}</kbd>
                      ))}
                    </dt>
                    <dd>{binding.label}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>In every list</h3>
          <dl>
            <div>
              <dt>
                <kbd>↑</kbd>
                <kbd>↓</kbd>
              </dt>
              <dd>Walk</dd>
            </div>
            <div>
              <dt>
                <kbd>Space</kbd>
              </dt>
              <dd>Select</dd>
            </div>
          </dl>
        </section>
      </div>
    </Dialog>
  );
}
