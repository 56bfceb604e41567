import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Confirmations } from "../parts/confirm.tsx";
import { Toasts } from "../parts/toast.tsx";
import { bindKeys } from "../keys.ts";
import { paused, setPaused, startLive } from "../live.ts";
import { navigate, withRange } from "../router.ts";
import { can } from "../session.ts";
import { KeysHelp } from "./keys-help.tsx";
import { keysOpen, paletteOpen } from "./open.ts";
import { PaletteHost } from "./palette.tsx";
import { Rail } from "./rail.tsx";
import { StoreNotice } from "./store-notice.tsx";
import { Topbar } from "./topbar.tsx";

const GO = "Go to";
const ANYWHERE = "Anywhere";

/** Everything around a page: sections, top bar, keys, the live socket. */
export function Frame({ children }: { children: ComponentChildren }): JSX.Element {
  useEffect(() => startLive(), []);
  useEffect(
    () =>
      bindKeys([
        { keys: "mod+k", group: ANYWHERE, label: "Search everything", run: () => (paletteOpen.value = true) },
        { keys: "?", group: ANYWHERE, label: "This list", run: () => (keysOpen.value = true) },
        { keys: "p", group: ANYWHERE, label: "Hold or resume live news", run: () => setPaused(!paused.value) },
        { keys: "g o", group: GO, label: "Overview", run: () => navigate(withRange("/")) },
        ...(can("analyst")
          ? [{ keys: "g e", group: GO, label: "Investigate", run: () => navigate(withRange("/events")) }]
          : []),
        { keys: "g s", group: GO, label: "Sensors", run: () => navigate(withRange("/sensors")) },
        { keys: "g l", group: GO, label: "Losses", run: () => navigate(withRange("/losses")) },
        { keys: "g ,", group: GO, label: "Settings", run: () => navigate("/settings") },
      ]),
    [],
  );
  return (
    <div class="frame">
      <a class="skip" href="#main">
        To the content
      </a>
      <Rail />
      <Topbar />
      <main id="main" class="main" tabIndex={-1}>
        <StoreNotice />
        {children}
      </main>
      <PaletteHost />
      <KeysHelp />
      <Confirmations />
      <Toasts />
    </div>
  );
}

/** Title line of a page, with its one primary action at the right. */
export function PageHead(props: {
  title: ComponentChildren;
  note?: ComponentChildren;
  actions?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="page-head">
      <h1 class="cut">{props.title}</h1>
      {props.note && <div class="page-note quiet cut">{props.note}</div>}
      <span class="grow" />
      {props.actions}
    </div>
  );
}
