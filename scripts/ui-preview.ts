import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleUi } from "./build/ui.ts";
import { startPreview } from "./ui-fixtures/server.ts";

// Shows the interface with made-up data: bun scripts/ui-preview.ts [port]. Cookie preview=empty|loading|error|out|setup changes the state.
const dir = await mkdtemp(join(tmpdir(), "telovix-ui-"));
await bundleUi(dir, true);
const server = startPreview(dir, Number(process.argv[2] ?? 0));
process.stdout.write(`${server.url.href}\n`);
