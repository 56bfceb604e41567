import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContext } from "playwright-core";

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Where the system's Chromium is. */
export async function findChromium(): Promise<string | undefined> {
  for (const path of CANDIDATES) if (await Bun.file(path).exists()) return path;
  return undefined;
}

async function needChromium(): Promise<string> {
  const path = await findChromium();
  if (path === undefined) throw new Error("no Chromium on this machine; `make setup` installs it");
  return path;
}

/** The system's Chromium, for whoever opens and closes contexts of its own. */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: await needChromium(), args: FLAGS });
}

/** The system's Chromium with a profile of its own; nothing of it is left when disposed. */
export async function openBrowser(
  options: { colorScheme?: "light" | "dark"; width?: number; height?: number } = {},
): Promise<{ context: BrowserContext } & AsyncDisposable> {
  const executablePath = await needChromium();
  const profile = await mkdtemp(join(tmpdir(), "telovix-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: FLAGS,
    ignoreHTTPSErrors: true,
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    colorScheme: options.colorScheme ?? "light",
    timezoneId: "UTC",
  });
  return {
    context,
    [Symbol.asyncDispose]: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
