import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Page } from "playwright-core";
import type { PreviewState } from "../../scripts/ui-fixtures/state.ts";
import { hasChromium, UiPages } from "../harness/ui-page.ts";

setDefaultTimeout(30_000);

const param = (page: Page, name: string): string => new URL(page.url()).searchParams.get(name) ?? "";
const dialog = (page: Page, title: string) => page.getByRole("dialog", { name: title });

describe.skipIf(!hasChromium)("what is done in the settings and with losses", () => {
  let pages: UiPages;

  beforeAll(async () => {
    pages = await UiPages.open();
    const { origin } = pages.server.url;
    await pages.browser.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  }, 60_000);
  afterAll(() => pages?.[Symbol.asyncDispose]());

  /** Opens a path with the preview in a state of its own. */
  async function on(path: string, state: PreviewState, run: (page: Page) => Promise<void>): Promise<void> {
    await pages.browser.context.addCookies([{ name: "preview", value: state, url: pages.server.url.origin }]);
    await pages.on(path, run);
  }

  test("a token is made, copied with its command, and not shown again", () =>
    on("/settings/tokens", "data", async (page) => {
      await page.getByRole("button", { name: "New token" }).click();
      await page.getByRole("button", { name: "Make the command" }).click();
      await page.getByText("the token in it is not shown again").waitFor();
      await page.getByRole("button", { name: "Copy the command", exact: true }).click();
      await page.getByText("Copied").waitFor();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("--token tse_");
      await page.getByRole("button", { name: "Close" }).last().click();
      await page.locator("dialog").waitFor({ state: "detached" });
      await page.getByRole("row").filter({ hasText: "db-42" }).first().waitFor();
      expect(await page.getByText("tse_").count()).toBe(0);
    }));

  test("a token is revoked after its name was read, and only then", () =>
    on("/settings/tokens", "data", async (page) => {
      const row = page.getByRole("row").filter({ hasText: "oslo-5g" });
      await row.getByRole("button", { name: "Revoke" }).click();
      const asked = dialog(page, "Revoke the token of cluster oslo-5g?");
      await asked.getByText("The 12 nodes that have stay enrolled.").waitFor();
      await page.keyboard.press("Escape");
      await asked.waitFor({ state: "detached" });
      expect(await row.count()).toBe(1);
      await row.getByRole("button", { name: "Revoke" }).click();
      await asked.getByRole("button", { name: "Revoke it" }).click();
      await page.getByText("Revoked the token of cluster oslo-5g.").waitFor();
      await row.waitFor({ state: "detached" });
      await page.getByRole("radio", { name: /^All/ }).click();
      await row.getByText("Revoked").waitFor();
    }));

  test("the authority's change begins, goes a step on and back, and is given up", () =>
    on("/settings/trust", "empty", async (page) => {
      await page.getByRole("button", { name: "Change the authority…" }).click();
      await dialog(page, "Begin to replace Telovix Console CA?").getByRole("button", { name: "Begin" }).click();
      await page.getByText("34 of 34 sensors trust both authorities.").waitFor();
      const next = "Telovix Console CA 2026-11-25";
      await page.getByRole("button", { name: "Let the next one sign…" }).click();
      await dialog(page, `Let ${next} sign?`).getByRole("button", { name: "Let it sign" }).click();
      await page.getByText("34 of 34 sensors have a certificate of the next one.").waitFor();
      await page.getByRole("button", { name: "Go back a step…" }).click();
      await dialog(page, "Go back to Telovix Console CA?").getByRole("button", { name: "Go back" }).click();
      await page.getByRole("button", { name: "Give it up…" }).click();
      await dialog(page, `Give ${next} up?`).getByRole("button", { name: "Give it up" }).click();
      await page.getByText(`${next} is given up.`).waitFor();
      await page.getByRole("button", { name: "Change the authority…" }).waitFor();
    }));

  test("the old authority is retired only by typing its name", () =>
    on("/settings/trust", "empty", async (page) => {
      await page.getByRole("button", { name: "Change the authority…" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Begin" }).click();
      await page.getByRole("button", { name: "Let the next one sign…" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Let it sign" }).click();
      await page.getByRole("button", { name: "Retire the old one…" }).click();
      const asked = dialog(page, "Retire Telovix Console CA?");
      const retire = asked.getByRole("button", { name: "Retire", exact: true });
      expect(await retire.isDisabled()).toBe(true);
      await asked.getByLabel("Type Telovix Console CA to go on").fill("Telovix Console C");
      expect(await retire.isDisabled()).toBe(true);
      await asked.getByLabel("Type Telovix Console CA to go on").fill("Telovix Console CA");
      await retire.click();
      await page.getByText("Telovix Console CA is retired.").waitFor();
    }));

  test("keeping less is asked about, keeping more is not, and losses are kept as long as events", () =>
    on("/settings/storage", "data", async (page) => {
      const events = page.getByLabel("Events", { exact: true });
      const save = page.getByRole("button", { name: "Save" });
      await events.fill("30");
      await save.click();
      await dialog(page, "Keep less?").getByText("events older than 30 days").waitFor();
      await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
      expect(await events.inputValue()).toBe("30");
      await events.fill("120");
      await page.getByText("At least as long as events").waitFor();
      expect(await save.isDisabled()).toBe(true);
      await page.getByLabel("Loss ledger").fill("120");
      await save.click();
      await page.getByText("Retention changed.").waitFor();
      await page.getByText("At least 120 days now; gone after 128 at the latest.").waitFor();
      expect(await page.locator("dialog").count()).toBe(0);
    }));

  test("a loss leads to the events around it, by link and by keyboard", () =>
    on("/losses?since=24h", "data", async (page) => {
      const first = page.locator(".table-data").first();
      const began = Date.parse((await first.locator("time").getAttribute("datetime"))!);
      await first.getByRole("link", { name: "Events around" }).click();
      await page.waitForURL(/\/events\?/);
      expect(Date.parse(param(page, "from"))).toBe(began - 60_000);
      expect(Date.parse(param(page, "to"))).toBeGreaterThanOrEqual(began + 60_000);
      expect(param(page, "sensor_id")).toMatch(/^[0-9a-f-]{36}$/);
      await page.goBack();
      await page.getByRole("grid", { name: "Losses" }).focus();
      for (const key of ["ArrowDown", "Enter"]) await page.keyboard.press(key);
      await page.waitForURL(/\/events\?/);
    }));

  test("dragging over the losses, or the keyboard, chooses the time range", () =>
    on("/losses?since=24h", "data", async (page) => {
      await page.locator(".histogram rect").first().waitFor();
      const box = (await page.locator(".histogram").boundingBox())!;
      await page.mouse.move(box.x + box.width * 0.5, box.y + 60);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 4 });
      await page.mouse.up();
      await page.waitForURL(/from=.*to=/);
      const hours = (): number => (Date.parse(param(page, "to")) - Date.parse(param(page, "from"))) / 3_600_000;
      const dragged = hours();
      expect(dragged).toBeGreaterThan(4);
      expect(dragged).toBeLessThan(9);
      await page.locator(".histogram rect").first().waitFor();
      await page.locator(".histogram").focus();
      const before = page.url();
      for (const key of ["End", "Shift+ArrowLeft", "Enter"]) await page.keyboard.press(key);
      await page.waitForFunction((url) => location.href !== url, before);
      expect(hours()).toBeLessThan(dragged);
    }));

  test("what was refused for a while is asked for again by itself", () =>
    on("/losses", "limited", async (page) => {
      await page.getByText(/Trying again by itself in \d+ s/).waitFor();
      await pages.browser.context.addCookies([{ name: "preview", value: "data", url: pages.server.url.origin }]);
      await page.locator(".causes").waitFor({ timeout: 20_000 });
    }));

  test("a viewer sees neither tokens nor the authority", () =>
    on("/settings/tokens", "viewer", async (page) => {
      await page.getByRole("button", { name: "Sign out" }).waitFor();
      expect(await page.getByRole("navigation", { name: "Settings" }).getByRole("link").allInnerTexts()).toEqual([
        "Account",
      ]);
    }));
});
