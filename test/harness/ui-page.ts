import { expect } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { bundleUi } from "../../scripts/build/ui.ts";
import { startPreview } from "../../scripts/ui-fixtures/server.ts";
import { openBrowser } from "./browser.ts";

export const hasChromium = await Bun.file("/usr/bin/chromium").exists();

/** The interface as it is bundled, over its preview's answers, in a real browser. */
export class UiPages implements AsyncDisposable {
  readonly dir: string;
  readonly server: ReturnType<typeof startPreview>;
  readonly browser: Awaited<ReturnType<typeof openBrowser>>;

  private constructor(dir: string, browser: Awaited<ReturnType<typeof openBrowser>>) {
    this.dir = dir;
    this.server = startPreview(dir, 0);
    this.browser = browser;
  }

  static async open(): Promise<UiPages> {
    const dir = await mkdtemp(join(tmpdir(), "telovix-ui-e2e-"));
    await bundleUi(dir, true);
    return new UiPages(dir, await openBrowser());
  }

  /** Opens a path, runs, and fails on anything the page itself complained of. */
  async on(path: string, run: (page: Page) => Promise<void>): Promise<void> {
    const page = await this.browser.context.newPage();
    page.setDefaultTimeout(10_000);
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    try {
      await page.goto(this.server.url.origin + path);
      await run(page);
      expect(problems).toEqual([]);
    } finally {
      await page.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser[Symbol.asyncDispose]();
    await this.server.stop(true);
    await rm(this.dir, { recursive: true, force: true });
  }
}
