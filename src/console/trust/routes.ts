import { Hono, type Context } from "hono";
import { LIMITS } from "../../core/wire/limits.ts";
import { requireRole } from "../http/auth.ts";
import { readBody, readJson } from "../http/body.ts";
import type { HttpEnv } from "../http/env.ts";
import { findExecutable, type SensorDownload } from "./download.ts";
import { consoleUrl } from "./install-command.ts";
import installScript from "./install.sh" with { type: "text" };
import type { EnrollmentService } from "./service.ts";
import type { Actor, TokenService } from "./tokens.ts";

function actorOf(c: Context<HttpEnv>): Actor {
  const { tenantId, email } = c.get("principal");
  return { tenantId, email, clientIp: c.get("peer").remoteAddr, userAgent: c.req.header("user-agent") };
}

/** POST/GET /api/v1/enrollment/tokens, DELETE /api/v1/enrollment/tokens/:id (operator). */
export function createTokenRoutes(deps: { tokens: TokenService; publicUrl: string | undefined }): Hono<HttpEnv> {
  const { tokens, publicUrl } = deps;
  return new Hono<HttpEnv>()
    .post("/api/v1/enrollment/tokens", requireRole("operator"), async (c) => {
      const url = consoleUrl(publicUrl, c.req.header("host"));
      return c.json(await tokens.create(actorOf(c), await readJson(c.req.raw), url), 201);
    })
    .get("/api/v1/enrollment/tokens", requireRole("operator"), async (c) =>
      c.json(await tokens.list(c.get("principal").tenantId)),
    )
    .delete("/api/v1/enrollment/tokens/:id", requireRole("operator"), async (c) => {
      await tokens.revoke(actorOf(c), c.req.param("id"));
      return c.body(null, 204);
    });
}

/** What a node needs before it has a certificate: enrolment, the trust bundle, the script and the executable. */
export function createEnrollmentRoutes(deps: {
  enrollment: EnrollmentService;
  download: SensorDownload;
}): Hono<HttpEnv> {
  const { enrollment, download } = deps;
  const enroll = async (c: Context<HttpEnv>): Promise<Response> => {
    const { remoteAddr } = c.get("peer");
    const body = await readBody(c.req.raw, { maxBytes: LIMITS.enrollBytes });
    return c.json(
      await enrollment.enroll(body, { clientIp: remoteAddr, userAgent: c.req.header("user-agent")?.slice(0, 256) }),
    );
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
