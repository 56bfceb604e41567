import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../test/harness/browser.ts";
import { ROOT } from "./build/paths.ts";
import { bundleUi } from "./build/ui.ts";
import { toPalettePng } from "./palette-png.ts";
import { DOCS_SHOTS, type DocsShot } from "./ui-docs-shots.ts";
import { startPreview } from "./ui-fixtures/server.ts";
import type { PreviewState } from "./ui-fixtures/state.ts";

// Takes pictures of every page: bun scripts/ui-shots.ts <outdir> [part of a name] [width] [scheme]. Look at them.
// Those of the documentation, with made-up data, into docs/images: bun scripts/ui-shots.ts --docs [part of a name].
const SENSOR = "db-11";
const DOCS = join(ROOT, "docs/images");

interface Shot {
  readonly name: string;
  readonly path: string;
  readonly states: readonly PreviewState[];
  readonly act?: (page: Page) => Promise<void>;
}

const ALL: readonly PreviewState[] = ["data", "empty", "loading", "error"];
const SHOTS: readonly Shot[] = [
  {
    name: "setup",
    path: "/setup#token",
    states: ["setup"],
    act: async (page) => page.locator("input[type=password]").fill("correct horse 4"),
  },
  { name: "setup-wrong", path: "/setup", states: ["setup"] },
  { name: "sign-in", path: "/sign-in", states: ["out"] },
  { name: "away", path: "/", states: ["away"] },
  { name: "overview", path: "/", states: ALL },
  { name: "events", path: "/events?since=1h", states: ALL },
  {
    name: "events-pane",
    path: "/events?since=1h&severity=high,critical",
    states: ["data"],
    act: async (page) => {
      await page.locator(".table-data").nth(2).click();
      await page.locator(".event-message").waitFor();
    },
  },
  {
    name: "events-query",
    path: "/events?since=6h&kind=file_write,setuid&node_name=web-11",
    states: ["data"],
    act: async (page) => {
      await page.locator("#query-input").pressSequentially("sev");
    },
  },
  {
    name: "events-error",
    path: "/events",
    states: ["data"],
    act: async (page) => {
      await page.locator("#query-input").fill("kind:nonsense curl");
      await page.keyboard.press("Enter");
    },
  },
  { name: "event", path: "/events/some-event", states: ["data", "error"] },
  { name: "lineage", path: "/lineage/event/x", states: ALL },
  { name: "lineage-pane", path: "/lineage/event/x?process=focus", states: ["data"] },
  { name: "lineage-500", path: "/lineage/event/crowd", states: ["data"] },
  { name: "sensors", path: "/sensors", states: ALL },
  {
    name: "sensors-filtered",
    path: "/sensors?health_state=degraded&trust_health=renewal_due",
    states: ["data"],
    act: async (page) => {
      const box = page.locator(".table-data input[type=checkbox]").first();
      if (await box.isVisible()) await box.check();
    },
  },
  {
    name: "deploy",
    path: "/sensors?deploy=1",
    states: ["data"],
    act: async (page) => {
      await page.getByRole("button", { name: "Make the command" }).click();
      await page.locator(".waiting").waitFor();
    },
  },
  { name: "deploy-form", path: "/sensors?deploy=1", states: ["empty"] },
  {
    name: "deploy-cluster",
    path: "/sensors?deploy=1",
    states: ["data"],
    act: async (page) => page.getByRole("radio", { name: "A cluster" }).click(),
  },
  {
    name: "reenroll",
    path: `/sensors/${SENSOR}?tab=system`,
    states: ["data"],
    act: async (page) => page.getByRole("button", { name: "Re-enrol" }).click(),
  },
  { name: "trust", path: "/settings/trust", states: ALL },
  {
    name: "trust-retire",
    path: "/settings/trust",
    states: ["data"],
    act: async (page) => page.getByRole("button", { name: "Retire anyway" }).click(),
  },
  { name: "tokens", path: "/settings/tokens?show=all", states: ALL },
  {
    name: "tokens-revoke",
    path: "/settings/tokens",
    states: ["data"],
    act: async (page) => page.getByRole("button", { name: "Revoke" }).first().click(),
  },
  { name: "limited", path: "/losses", states: ["limited"] },
  { name: "sensor-clone", path: "/sensors/web-25?tab=system", states: ["data"] },
  { name: "sensor-lanes", path: "/sensors/web-25", states: ["data"] },
  { name: "sensor", path: `/sensors/${SENSOR}`, states: ALL },
  {
    name: "sensor-policies",
    path: `/sensors/${SENSOR}`,
    states: ["data"],
    act: async (page) => {
      await page.getByRole("group", { name: "Policies" }).scrollIntoViewIfNeeded();
      await page
        .getByRole("button", { name: /^Show all \d/ })
        .last()
        .click();
      await page.locator(".reason-anchor").first().focus();
      await page.locator(".hover-card").waitFor();
    },
  },
  {
    name: "sensor-policies-all",
    path: "/sensors/upf-11",
    states: ["data"],
    act: async (page) =>
      page
        .getByRole("button", { name: /^Show all \d/ })
        .last()
        .click(),
  },
  {
    name: "sensor-policies-none",
    path: "/sensors/web-11",
    states: ["data"],
    act: async (page) => page.getByRole("heading", { name: "Policies" }).scrollIntoViewIfNeeded(),
  },
  { name: "sensor-critical", path: "/sensors/amf-11", states: ["data"] },
  { name: "sensor-processes", path: `/sensors/${SENSOR}?tab=processes`, states: ["data", "empty"] },
  { name: "sensor-network", path: `/sensors/${SENSOR}?tab=network`, states: ["data"] },
  { name: "sensor-system", path: `/sensors/${SENSOR}?tab=system`, states: ["data"] },
  { name: "losses", path: "/losses?since=24h", states: ALL },
  { name: "losses-sensor", path: `/losses?since=24h&sensor=${SENSOR}`, states: ["data", "empty"] },
  {
    name: "losses-hover",
    path: "/losses?since=24h",
    states: ["data"],
    act: async (page) => {
      const box = await page.locator(".losses .histogram").boundingBox();
      if (box) await page.mouse.move(box.x + box.width * 0.62, box.y + 60);
    },
  },
  {
    name: "events-blind",
    path: "/events?since=1h",
    states: ["data"],
    act: async (page) => {
      const box = await page.locator(".histogram").boundingBox();
      if (box) await page.mouse.move(box.x + box.width * 0.6, box.y + 60);
    },
  },
  { name: "settings", path: "/settings", states: ["data"] },
  { name: "settings-storage", path: "/settings/storage", states: ALL },
  {
    name: "settings-storage-less",
    path: "/settings/storage",
    states: ["data"],
    act: async (page) => {
      await page.getByLabel("Events", { exact: true }).fill("30");
      await page.getByRole("button", { name: "Save" }).click();
    },
  },
  {
    name: "audit",
    path: "/settings/audit",
    states: ["data"],
    act: async (page) => page.locator(".table-data").nth(1).click(),
  },
  {
    name: "palette",
    path: "/",
    states: ["data"],
    act: async (page) => {
      await page.keyboard.press("Control+k");
      await page.locator(".palette-input input").fill("db");
      await page.waitForTimeout(300);
    },
  },
  { name: "keys", path: "/events", states: ["data"], act: async (page) => page.keyboard.press("?") },
  { name: "parts", path: "/_parts", states: ["data"] },
];

async function take(
  browser: Browser,
  origin: string,
  out: string,
  shot: Shot,
  state: PreviewState,
  width: number,
  scheme: "light" | "dark",
): Promise<void> {
  const context = await browser.newContext({
    viewport: { width, height: width > 640 ? 900 : 844 },
    colorScheme: scheme,
    reducedMotion: "reduce",
  });
  await context.addCookies([{ name: "preview", value: state, url: origin }]);
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" && state !== "error")
      process.stdout.write(`${shot.name} ${state} ${width}: ${message.text()}\n`);
  });
  page.on("pageerror", (error) => process.stdout.write(`${shot.name} ${state} ${width}: ${error.message}\n`));
  try {
    await page.goto(origin + shot.path, { waitUntil: "load" });
    await page.locator("#app > *").first().waitFor();
    await page.waitForTimeout(state === "loading" ? 250 : 450);
    await shot.act?.(page);
    await page.waitForTimeout(150);
  } catch (error) {
    process.stdout.write(`${shot.name} ${state} ${width}: ${String(error).split("\n")[0]}\n`);
  }
  await page.screenshot({ path: join(out, `${shot.name}-${state}-${width}-${scheme}.png`) });
  await context.close();
}

/** Pictures for docs/images: still, without the mouse, with at most 256 colours. */
async function takeForDocs(browser: Browser, origin: string, shot: DocsShot): Promise<void> {
  const width = shot.width ?? 1440;
  const context = await browser.newContext({
    viewport: { width, height: width > 640 ? 900 : 844 },
    colorScheme: shot.scheme ?? "light",
    reducedMotion: "reduce",
    timezoneId: "UTC",
  });
  await context.addCookies([{ name: "preview", value: shot.state ?? "data", url: origin }]);
  const page = await context.newPage();
  await page.goto(origin + shot.path, { waitUntil: "load" });
  await page.locator("#app > *").first().waitFor();
  await page.waitForTimeout(900);
  await shot.act?.(page);
  await page.mouse.move(0, 0);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.waitForTimeout(300);
  const png = toPalettePng(await page.screenshot());
  await writeFile(join(DOCS, `${shot.name}.png`), png);
  process.stdout.write(`${(png.length / 1000).toFixed(0).padStart(5)} kB  docs/images/${shot.name}.png\n`);
  await context.close();
}

const forDocs = process.argv[2] === "--docs";
const out = forDocs ? DOCS : process.argv[2];
if (!out) throw new Error("usage: bun scripts/ui-shots.ts <outdir>|--docs [part of a name] [width] [scheme]");
const [part = "", onlyWidth, onlyScheme] = process.argv.slice(3);
await mkdir(out, { recursive: true });
const dir = await mkdtemp(join(tmpdir(), "telovix-ui-"));
await bundleUi(dir, true);
const server = startPreview(dir, 0);
const browser = await launchChromium();
const origin = server.url.origin;
if (forDocs)
  for (const shot of DOCS_SHOTS.filter((s) => s.name.includes(part))) await takeForDocs(browser, origin, shot);
else
  for (const shot of SHOTS.filter((s) => s.name.includes(part)))
    for (const state of shot.states)
      for (const width of [1440, 1280, 800, 390])
        for (const scheme of ["light", "dark"] as const) {
          if (onlyWidth && onlyWidth !== String(width)) continue;
          if (onlyScheme && onlyScheme !== scheme) continue;
          await take(browser, origin, out, shot, state, width, scheme);
        }
await browser.close();
await server.stop(true);
