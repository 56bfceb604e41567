import { Hono, type Context } from "hono";
import { AppError } from "../../core/error.ts";
import { LIMITS } from "../../core/wire/limits.ts";
import type { FleetService } from "../fleet/service.ts";
import type { HeartbeatService } from "../fleet/heartbeat.ts";
import { requireSensor, type PeerAuthenticator } from "../http/auth.ts";
import { readBody } from "../http/body.ts";
import type { HttpEnv } from "../http/env.ts";
import type { StreamDoor } from "../http/listener-options.ts";
import type { InventoryService } from "../inventory/service.ts";
import { readEnvelope } from "./check-batch.ts";
import type { Post, Posts } from "./posts.ts";
import type { Ingest } from "./service.ts";
import type { Streams } from "./streams.ts";

export interface SensorPlaneDeps {
  readonly authenticator: PeerAuthenticator;
  readonly ingest: Ingest;
  readonly streams: Streams;
  readonly heartbeats: HeartbeatService;
  readonly inventory: InventoryService;
  readonly fleet: FleetService;
  readonly posts: Posts;
  /** Cuts every connection of a sensor; called after its last answer. */
  readonly cutOff: (sensorId: string) => void;
}

/** Where everything a sensor sends is found; the second is as the product's sensors know it. */
const PREFIXES = ["/api/v1/sensors", "/sensors"];

/** Sensors' streams as the front serves them itself. Whoever is refused is told by the route below. */
export function createStreamDoor(deps: Pick<SensorPlaneDeps, "authenticator" | "streams">): StreamDoor {
  const { authenticator, streams } = deps;
  return {
    paths: PREFIXES.map((prefix) => `${prefix}/stream`),
    open: async (peer) =>
      streams.session(await authenticator.authenticate(peer), () => authenticator.authenticate(peer)),
  };
}

/** Everything a sensor sends, by its certificate. */
export function createSensorRoutes(deps: SensorPlaneDeps): Hono<HttpEnv> {
  const { authenticator, ingest, streams, heartbeats, inventory, fleet, posts } = deps;
  const sensor = requireSensor(authenticator);

  /** Reads a body; one that cannot be read is counted on the sensor's record. */
  const read = async (c: Context<HttpEnv>, maxBytes: number, post: Post): Promise<unknown> => {
    try {
      return await readBody(c.req.raw, {
        maxBytes,
        decompressedBytes: LIMITS.decompressedBytes,
        weigh: (bytes) => post.weigh(bytes),
      });
    } catch (error) {
      if (error instanceof AppError && error.code !== "unavailable") ingest.countMalformed(c.get("sensor"));
      throw error;
    }
  };

  const routes = new Hono<HttpEnv>();
  for (const prefix of PREFIXES) {
    routes
      .post(`${prefix}/heartbeat`, sensor, async (c) => {
        using post = posts.enter(c.get("sensor").sensorId, "heartbeat");
        return c.json(await heartbeats.take(c.get("sensor"), await read(c, LIMITS.heartbeatBytes, post)));
      })
      .post(`${prefix}/events`, sensor, async (c) => {
        using post = posts.enter(c.get("sensor").sensorId, "events");
        const body = await read(c, LIMITS.eventsBytes, post);
        return c.json(await ingest.accept(c.get("sensor"), envelope(ingest, c, body)));
      })
      .post(`${prefix}/inventory`, sensor, async (c) => {
        using post = posts.enter(c.get("sensor").sensorId, "inventory");
        return c.json(await inventory.take(c.get("sensor"), await read(c, LIMITS.inventoryBytes, post)));
      })
      .get(`${prefix}/stream`, sensor, (c) => {
        const peer = c.get("peer");
        const session = streams.session(c.get("sensor"), () => authenticator.authenticate(peer));
        return c.get("upgrade")(session);
      })
      .post(`${prefix}/self/decommission`, sensor, async (c) => {
        const { tenantId, sensorId } = c.get("sensor");
        await fleet.decommission(tenantId, sensorId, c.get("peer").remoteAddr);
        // The answer goes out before its connection is cut.
        setTimeout(() => deps.cutOff(sensorId), 100);
        return c.body(null, 204);
      });
  }
  return routes;
}

function envelope(ingest: Ingest, c: Context<HttpEnv>, body: unknown): ReturnType<typeof readEnvelope> {
  try {
    return readEnvelope(body);
  } catch (error) {
    ingest.countMalformed(c.get("sensor"));
    throw error;
  }
}
