import { Hono, type Context } from "hono";
import { ROTATION_ACTIONS } from "../../core/api/trust.ts";
import { AppError } from "../../core/error.ts";
import { LIMITS } from "../../core/wire/limits.ts";
import { requireRole, requireSensor, type PeerAuthenticator } from "../http/auth.ts";
import { readBody, readJson } from "../http/body.ts";
import type { HttpEnv } from "../http/env.ts";
import { findExecutable, type SensorDownload } from "./download.ts";
import { consoleUrl } from "./install-command.ts";
import installScript from "./install.sh" with { type: "text" };
import type { CertificateService } from "./certificates.ts";
import type { RotationService } from "./rotation/service.ts";
import type { Caller, EnrollmentService } from "./service.ts";
import type { Actor, TokenService } from "./tokens.ts";

function actorOf(c: Context<HttpEnv>): Actor {
  const { tenantId, email, role } = c.get("principal");
  return { tenantId, email, role, clientIp: c.get("peer").remoteAddr, userAgent: c.req.header("user-agent") };
}

function callerOf(c: Context<HttpEnv>): Caller {
  return { clientIp: c.get("peer").remoteAddr, userAgent: c.req.header("user-agent")?.slice(0, 256) };
}

/** POST/GET /api/v1/enrollment/tokens, POST /api/v1/enrollment/cluster-tokens, DELETE /api/v1/enrollment/tokens/:id (operator). */
export function createTokenRoutes(deps: { tokens: TokenService; publicUrl: string | undefined }): Hono<HttpEnv> {
  const { tokens, publicUrl } = deps;
  return new Hono<HttpEnv>()
    .post("/api/v1/enrollment/tokens", requireRole("operator"), async (c) => {
      const url = consoleUrl(publicUrl, c.req.header("host"));
      return c.json(await tokens.create(actorOf(c), await readJson(c.req.raw), url), 201);
    })
    .post("/api/v1/enrollment/cluster-tokens", requireRole("operator"), async (c) => {
      const url = consoleUrl(publicUrl, c.req.header("host"));
      return c.json(await tokens.createForCluster(actorOf(c), await readJson(c.req.raw), url), 201);
    })
    .get("/api/v1/enrollment/tokens", requireRole("operator"), async (c) =>
      c.json(await tokens.list(c.get("principal").tenantId)),
    )
    .delete("/api/v1/enrollment/tokens/:id", requireRole("operator"), async (c) => {
      await tokens.revoke(actorOf(c), c.req.param("id"));
      return c.body(null, 204);
    });
}

/** GET /api/v1/trust/authority and its steps (admin of the installation's first organisation). */
export function createAuthorityRoutes(deps: {
  rotation: RotationService;
  firstTenant: () => Promise<string | undefined>;
}): Hono<HttpEnv> {
  const { rotation, firstTenant } = deps;
  const check = async (c: Context<HttpEnv>): Promise<Actor> => {
    const actor = actorOf(c);
    // The authority is the installation's, not an organisation's.
    if ((await firstTenant()) !== actor.tenantId)
      throw new AppError("forbidden", "Only the installation's own administrators see to its authority.");
    return actor;
  };
  const routes = new Hono<HttpEnv>().get("/api/v1/trust/authority", requireRole("admin"), async (c) =>
    c.json(await rotation.status((await check(c)).tenantId)),
  );
  for (const action of ROTATION_ACTIONS)
    routes.post(`/api/v1/trust/authority/${action}`, requireRole("admin"), async (c) =>
      c.json(await rotation.act(await check(c), action, await readJson(c.req.raw))),
    );
  return routes;
}

/** Renewal, and what sensors trust the Console by: by the certificate there is. */
export function createCertificateRoutes(deps: {
  authenticator: PeerAuthenticator;
  certificates: CertificateService;
}): Hono<HttpEnv> {
  const { authenticator, certificates } = deps;
  const sensor = requireSensor(authenticator);
  const routes = new Hono<HttpEnv>();
  for (const prefix of ["/api/v1/sensors", "/sensors"])
    routes
      .post(`${prefix}/renew`, sensor, async (c) => {
        const body = await readBody(c.req.raw, { maxBytes: LIMITS.enrollBytes, decompressedBytes: LIMITS.enrollBytes });
        return c.json(await certificates.renew(c.get("sensor"), body, callerOf(c)));
      })
      .get(`${prefix}/trust`, sensor, (c) => c.json(certificates.bundle()));
  return routes;
}

/** What a node needs before it has a certificate: enrolment, the trust bundle, the script and the executable. */
export function createEnrollmentRoutes(deps: {
  enrollment: EnrollmentService;
  download: SensorDownload;
}): Hono<HttpEnv> {
  const { enrollment, download } = deps;
  const enroll = async (c: Context<HttpEnv>): Promise<Response> => {
    const body = await readBody(c.req.raw, { maxBytes: LIMITS.enrollBytes });
    return c.json(await enrollment.enroll(body, callerOf(c)));
  };
  const routes = new Hono<HttpEnv>()
    .get("/api/v1/trust/bootstrap", (c) => c.json(enrollment.bootstrap()))
    .get("/install.sh", (c) => c.text(installScript, 200, { "content-type": "text/x-shellscript; charset=utf-8" }))
    .get("/download/telovix", async (c) => {
      const executable = await findExecutable(download, c.req.query("arch"));
      return new Response(executable.open(), {
        headers: {
          "content-type": "application/octet-stream",
          "content-length": String(executable.sizeBytes),
          "content-disposition": 'attachment; filename="telovix"',
        },
      });
    })
    .get("/download/telovix.sha256", async (c) =>
      c.text(`${(await findExecutable(download, c.req.query("arch"))).sha256}  telovix\n`),
    );
  for (const prefix of ["/api/v1/sensors", "/sensors"]) routes.post(`${prefix}/enroll`, enroll);
  return routes;
}
