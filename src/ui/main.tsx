import { render } from "preact";
import { App } from "./app.tsx";
import { startClock } from "./clock.ts";
import { startKeys } from "./keys.ts";
import { startTheme } from "./prefs.ts";
import { startRouter } from "./router.ts";
import { loadSession } from "./session.ts";

startTheme();
startClock();
startRouter();
startKeys();
const place = document.getElementById("app");
if (place) render(<App />, place);
void loadSession();
