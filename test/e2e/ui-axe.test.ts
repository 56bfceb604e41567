import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { bundleUi } from "../../scripts/build/ui.ts";
import { startPreview } from "../../scripts/ui-fixtures/server.ts";
import type { PreviewState } from "../../scripts/ui-fixtures/state.ts";
import { findChromium, launchChromium } from "../harness/browser.ts";

const hasChromium = (await findChromium()) !== undefined;

interface Violation {
  readonly rule: string;
  readonly where: string;
  readonly why: string;
}

const PAGES: readonly {
  name: string;
  path: string;
  state?: PreviewState;
  ready: string;
  act?: (page: Page) => Promise<unknown>;
}[] = [
  { name: "setup", path: "/setup#token", state: "setup", ready: "form" },
  { name: "sign-in", path: "/sign-in", state: "out", ready: "form" },
  { name: "a store is away", path: "/", state: "away", ready: ".store-notice" },
  { name: "overview", path: "/", ready: ".attention li" },
  { name: "overview, empty", path: "/", state: "empty", ready: ".steps" },
  { name: "overview, error", path: "/", state: "error", ready: "[role=alert]" },
  { name: "events", path: "/events", ready: ".table-data" },
  {
    name: "events, one open",
    path: "/events",
    ready: ".table-data",
    act: async (page) => {
      await page.locator(".table-data").nth(2).click();
      await page.locator(".event-message").waitFor();
    },
  },
  { name: "event", path: "/events/x", ready: ".event-message" },
  { name: "lineage", path: "/lineage/event/x?process=focus", ready: ".activity" },
  { name: "losses", path: "/losses?since=24h", ready: ".causes" },
  { name: "losses, refused for a while", path: "/losses", state: "limited", ready: "[role=alert]" },
  { name: "losses, none", path: "/losses?since=24h", state: "empty", ready: ".losses-clear" },
  { name: "sensors", path: "/sensors", ready: ".table-data" },
  { name: "sensors, empty", path: "/sensors", state: "empty", ready: ".empty" },
  { name: "trust, in a change", path: "/settings/trust", ready: ".change-steps" },
  { name: "trust, at rest", path: "/settings/trust", state: "empty", ready: ".manual" },
  { name: "trust, error", path: "/settings/trust", state: "error", ready: "[role=alert]" },
  {
    name: "an authority about to be retired",
    path: "/settings/trust",
    ready: ".change-steps",
    act: async (page) => {
      await page.getByRole("button", { name: "Retire anyway" }).click();
      await page.locator("dialog").waitFor();
    },
  },
  { name: "tokens", path: "/settings/tokens?show=all", ready: ".table-data" },
  { name: "tokens, none", path: "/settings/tokens", state: "empty", ready: ".empty" },
  {
    name: "a token about to be revoked",
    path: "/settings/tokens",
    ready: ".table-data",
    act: async (page) => {
      await page.getByRole("button", { name: "Revoke" }).first().click();
      await page.locator("dialog").waitFor();
    },
  },
  {
    name: "re-enrol",
    path: "/sensors/db-11?tab=system",
    ready: ".facts",
    act: async (page) => {
      await page.getByRole("button", { name: "Re-enrol" }).click();
      await page.locator("dialog").waitFor();
    },
  },
  {
    name: "deploy on a cluster",
    path: "/sensors?deploy=1",
    ready: "dialog",
    act: async (page) => page.getByRole("radio", { name: "A cluster" }).click(),
  },
  {
    name: "deploy",
    path: "/sensors?deploy=1",
    ready: "dialog",
    act: async (page) => {
      await page.getByRole("button", { name: "Make the command" }).click();
      await page.locator(".waiting").waitFor();
    },
  },
  { name: "sensor", path: "/sensors/amf-11", ready: ".chart canvas" },
  { name: "sensor, processes", path: "/sensors/db-11?tab=processes", ready: ".table-data" },
  { name: "sensor, network", path: "/sensors/db-11?tab=network", ready: ".table-data" },
  { name: "sensor that runs twice", path: "/sensors/web-25?tab=system", ready: ".facts" },
  { name: "sensor, lanes", path: "/sensors/web-25", ready: ".flow" },
  { name: "sensor, system", path: "/sensors/db-11?tab=system", ready: ".facts" },
  { name: "settings", path: "/settings", ready: ".facts" },
  { name: "storage", path: "/settings/storage", ready: ".stored" },
  { name: "storage, new", path: "/settings/storage", state: "empty", ready: ".facts" },
  {
    name: "less about to be kept",
    path: "/settings/storage",
    ready: ".stored",
    act: async (page) => {
      await page.getByLabel("Events", { exact: true }).fill("30");
      await page.getByRole("button", { name: "Save" }).click();
      await page.locator("dialog").waitFor();
    },
  },
  { name: "storage while a store is down", path: "/settings/storage", ready: ".store-notice .banner", state: "error" },
  { name: "audit", path: "/settings/audit", ready: ".table-data" },
  {
    name: "palette",
    path: "/",
    ready: ".attention li",
    act: async (page) => {
      await page.keyboard.press("Control+k");
      await page.locator(".palette-list li").first().waitFor();
    },
  },
  { name: "parts", path: "/_parts", ready: ".parts" },
];

/** What every page keeps, and what of it depends on its colours. */
const ALL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
const OF_COLOURS = ["color-contrast", "link-in-text-block"];

async function violations(page: Page, runOnly: string[]): Promise<Violation[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async (rules) => {
    const run = (globalThis as unknown as { axe: typeof axe }).axe;
    const found = await run.run(document, { runOnly: rules });
    return found.violations
      .filter((v) => v.impact === "serious" || v.impact === "critical")
      .flatMap((v) =>
        v.nodes.map((node) => ({ rule: v.id, where: node.target.join(" "), why: node.failureSummary ?? "" })),
      );
  }, runOnly);
}

describe.skipIf(!hasChromium)("accessibility of every page", () => {
  let dir: string;
  let server: ReturnType<typeof startPreview>;
  let browser: Browser;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "telovix-ui-axe-"));
    await bundleUi(dir, true);
    server = startPreview(dir, 0);
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop(true);
    await rm(dir, { recursive: true, force: true });
  });

  const looks = [
    { colorScheme: "light", width: 1440, rules: ALL },
    // The same page but for its colours.
    { colorScheme: "dark", width: 1440, rules: OF_COLOURS },
    // Colours do not depend on the width.
    { colorScheme: "light", width: 390, rules: ALL },
  ] as const;
  for (const { colorScheme, width, rules } of looks)
    for (const shown of PAGES)
      test(`${shown.name} in ${colorScheme} at ${width} px has no serious violation`, async () => {
        const context = await browser.newContext({
          viewport: { width, height: width > 640 ? 900 : 844 },
          colorScheme,
          reducedMotion: "reduce",
        });
        try {
          await context.addCookies([{ name: "preview", value: shown.state ?? "data", url: server.url.origin }]);
          const page = await context.newPage();
          await page.goto(server.url.origin + shown.path);
          await page.locator(shown.ready).first().waitFor();
          await shown.act?.(page);
          expect(await violations(page, rules)).toEqual([]);
        } finally {
          await context.close();
        }
      }, 30_000);
});
