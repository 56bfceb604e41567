import { connect } from "node:tls";
import { compile } from "../../core/check.ts";
import { AppError } from "../../core/error.ts";
import { curlPin } from "../../core/pki/keys.ts";
import { x509 } from "../../core/pki/x509.ts";
import { TrustBootstrap } from "../../core/wire/enroll.ts";

const bootstrap = compile(TrustBootstrap);
const MAX_ANSWER_BYTES = 256 * 1024;
const TIMEOUT_MS = 15_000;

/**
 * Asks a Console for its authorities, on a connection whose server proved the pinned key (or, without a pin, on any: for test
 * beds only). Throws AppError `invalid_sensor_trust` or `unavailable`.
 */
export async function fetchAuthorities(hostname: string, port: number, pin: string | undefined): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: hostname, port, rejectUnauthorized: false, servername: "telovix-console" }, () => {
    const { raw } = socket.getPeerCertificate() as { raw?: Buffer };
    const shown = raw && curlPin(new x509.X509Certificate(Uint8Array.from(raw)).publicKey.rawData);
    if (pin !== undefined && shown !== pin)
      return reject(
        new AppError("invalid_sensor_trust", `the key of ${hostname}:${port} is not the pinned one`, {
          hint: "Compare the pin with the one the Console prints.",
        }),
      );
    socket.write(`GET /api/v1/trust/bootstrap HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
  });
  let text = "";
  socket.setEncoding("utf8");
  socket.setTimeout(TIMEOUT_MS, () => reject(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
  socket.on("data", (part: string) => {
    text += part;
    if (text.length > MAX_ANSWER_BYTES) reject(new Error("the answer is too large"));
  });
  socket.on("error", reject);
  socket.on("close", () => resolve(text));
  try {
    const answer = await promise;
    const json = answer.slice(answer.indexOf("{"), answer.lastIndexOf("}") + 1);
    return bootstrap.parse(JSON.parse(json)).control_plane_ca_certificate_pem;
  } catch (error) {
    if (error instanceof AppError && error.code === "invalid_sensor_trust") throw error;
    throw new AppError("unavailable", `${hostname}:${port} does not answer like a Telovix Console`, {
      cause: error,
      hint: "Check --console; the Console must be running.",
    });
  } finally {
    socket.destroy();
  }
}
