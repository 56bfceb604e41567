import type { Page } from "playwright-core";
import type { PreviewState } from "./ui-fixtures/state.ts";

/** A picture of docs/images. */
export interface DocsShot {
  readonly name: string;
  readonly path: string;
  readonly state?: PreviewState;
  readonly width?: number;
  readonly scheme?: "dark";
  readonly act?: (page: Page) => Promise<void>;
}

const openEvent = async (page: Page): Promise<void> => {
  await page.locator(".table-data", { hasText: "Critical" }).first().click();
  await page.locator(".event-message").waitFor();
};
const EVENTS = "/events?since=1h&severity=warning,high,critical";

/** What the documentation shows; made-up data only. */
export const DOCS_SHOTS: readonly DocsShot[] = [
  {
    name: "setup",
    path: "/setup#token",
    state: "setup",
    act: async (page) => {
      await page.getByLabel("Organisation").fill("Nordic Telecom");
      await page.getByLabel("Your name").fill("Ada Lindqvist");
      await page.getByLabel("Email").fill("ada@example.org");
      await page.getByLabel("Password").fill("copper lantern drifting");
    },
  },
  { name: "overview", path: "/?since=1h" },
  { name: "events", path: EVENTS, act: openEvent },
  { name: "events-dark", path: EVENTS, scheme: "dark", act: openEvent },
  { name: "events-390", path: "/events?since=1h", width: 390 },
  {
    name: "event",
    path: "/events?since=6h&kind=file_write",
    act: async (page) => {
      await page.locator(".table-data").first().click();
      await page.locator(".pane .event-message").waitFor();
      await page.keyboard.press("Enter");
      await page.locator(".event-page").waitFor();
    },
  },
  { name: "lineage", path: "/lineage/event/x?process=focus" },
  { name: "sensors", path: "/sensors" },
  { name: "sensor", path: "/sensors/db-11" },
  {
    name: "deploy",
    path: "/sensors?deploy=1",
    act: async (page) => {
      await page.getByRole("button", { name: "Make the command" }).click();
      await page.locator(".waiting").waitFor();
    },
  },
];
