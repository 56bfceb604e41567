import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext } from "playwright-core";

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

/** The system's Chromium with a profile of its own; nothing of it is left when disposed. */
export async function openBrowser(
  options: { colorScheme?: "light" | "dark"; width?: number; height?: number } = {},
): Promise<{ context: BrowserContext } & AsyncDisposable> {
  let executablePath: string | undefined;
  for (const path of CANDIDATES)
    if (
      !executablePath &&
      (await access(path).then(
        () => true,
        () => false,
      ))
    )
      executablePath = path;
  if (!executablePath) throw new Error("no Chromium on this machine; `make setup` installs it");
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
