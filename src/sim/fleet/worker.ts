import { createInterface } from "node:readline";
import type { FleetConfig } from "./config.ts";
import { Fleet } from "./fleet.ts";

export type WorkerRequest =
  | { readonly id: number; readonly do: "start"; readonly config: FleetConfig }
  | { readonly id: number; readonly do: "status" | "results" | "endEvents" | "end" };

/** Plays a part of a fleet as its parent says: one request and one answer a line. Ends with its input. */
export async function runWorker(input: NodeJS.ReadableStream, write: (line: string) => void): Promise<void> {
  let fleet: Fleet | undefined;
  const answer = async (request: WorkerRequest): Promise<unknown> => {
    switch (request.do) {
      case "start":
        fleet = new Fleet(request.config);
        fleet.start();
        return {};
      case "status":
        return fleet!.status();
      case "results":
        return fleet!.results();
      case "endEvents":
        return fleet!.endEvents();
      case "end":
        await fleet?.[Symbol.asyncDispose]();
        return {};
    }
  };
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    const request = JSON.parse(line) as WorkerRequest;
    write(`${JSON.stringify({ id: request.id, value: await answer(request) })}\n`);
    if (request.do === "end") break;
  }
  await fleet?.[Symbol.asyncDispose]();
}
