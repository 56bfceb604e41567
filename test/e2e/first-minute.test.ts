import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Page } from "playwright-core";
import { randomHex } from "../../src/core/ids.ts";
import { openBrowser } from "../harness/browser.ts";
import { ADMIN, startBuiltConsole } from "../harness/built-console.ts";
import { kernelRefusesBpf } from "../harness/kernel.ts";

const PICTURES = resolve(import.meta.dir, "../../.cache/e2e-pictures");
const refused = await kernelRefusesBpf();
if (refused) process.stderr.write(`SKIPPED: the first minute: ${refused}\n`);

/** Fills in the first-run form as a person does. */
async function setUp(page: Page): Promise<void> {
  await page.getByLabel("Organisation").fill(ADMIN.organisation);
  await page.getByLabel("Your name").fill(ADMIN.name);
  await page.getByLabel("Email").fill(ADMIN.email);
  await page.getByLabel("Password").fill(ADMIN.password);
  await page.getByRole("button", { name: "Create the administrator" }).click();
  await page.getByRole("navigation", { name: "Sections" }).waitFor();
}

/** Runs a harmless program with the mark again and again: what ran before the sensor watched was not seen. */
function repeat(mark: string): Disposable {
  const timer = setInterval(() => spawn("/bin/true", [mark], { stdio: "ignore" }), 1_000);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

async function searchFor(page: Page, text: string): Promise<void> {
  await page.locator("#query-input").fill(text);
  await page.locator("#query-input").press("Enter");
}

async function pictures(page: Page, name: string): Promise<void> {
  await mkdir(PICTURES, { recursive: true });
  for (const [width, height] of [
    [1440, 900],
    [390, 844],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      // Canvases follow the colours a frame later.
      await page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))",
      );
      await page.screenshot({ path: join(PICTURES, `${name}-${width}-${colorScheme}.png`), animations: "disabled" });
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
}

describe("the first minute of a person with one file and no internet", () => {
  test.skipIf(Boolean(refused))(
    "ends with their own host's kernel event on the screen",
    async () => {
      const startMs = performance.now();
      await using home = await startBuiltConsole(["--local-sensor"]);
      const [link] = await home.printed(/https:\/\/[^\s"]+\/setup#[A-Za-z0-9_-]+/);
      await using browser = await openBrowser();
      const page = await browser.context.newPage();
      const problems: string[] = [];
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error" && !/status of 40[14]/.test(message.text())) problems.push(message.text());
      });
      await page.goto(link.replace(/^https:\/\/[^/]+/, home.url));
      await setUp(page);

      const mark = `first${randomHex(6)}`;
      const row = page.getByRole("row").filter({ hasText: mark }).first();
      {
        using _stream = repeat(mark);
        await page.getByRole("link", { name: "Investigate" }).click();
        await searchFor(page, mark);
        await row.waitFor({ timeout: 60_000 }).catch(async (error: unknown) => {
          await pictures(page, "failure");
          process.stderr.write(home.output().slice(-8_000));
          throw error;
        });
      }
      const seconds = (performance.now() - startMs) / 1000;
      process.stdout.write(
        `from start to the first own event on the screen: ${seconds.toFixed(1)} s (budget 60, aim 20)\n`,
      );
      expect(seconds).toBeLessThan(60);

      await row.click();
      await page.locator("aside, [role=complementary]").first().waitFor();
      await pictures(page, "events");
      const lineage = page.getByRole("link", { name: /lineage/i }).first();
      await lineage.click();
      await page.locator("svg").first().waitFor();
      await pictures(page, "lineage");
      await page.getByRole("link", { name: "Sensors" }).click();
      await page.getByRole("row").nth(1).waitFor();
      await pictures(page, "sensors");
      await page.getByRole("row").nth(1).getByRole("link").first().click();
      await page.waitForURL(/\/sensors\/[0-9a-f-]{36}/);
      await page.getByRole("heading").first().waitFor();
      await pictures(page, "sensor");
      await page.getByRole("link", { name: "Overview", exact: true }).click();
      await pictures(page, "overview");
      expect(problems).toEqual([]);
    },
    180_000,
  );
});
