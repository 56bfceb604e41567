import { connect, type PeerCertificate, type TLSSocket } from "node:tls";
import { compile } from "../../core/check.ts";
import { AppError } from "../../core/error.ts";
import { curlPin } from "../../core/pki/keys.ts";
import { x509 } from "../../core/pki/x509.ts";
import { TrustBootstrap } from "../../core/wire/enroll.ts";
import { uplinkTls, type UplinkTls } from "../uplink/tls.ts";
import { refusal, unreachable } from "./errors.ts";

const bootstrap = compile(TrustBootstrap);
const MAX_ANSWER_BYTES = 128 * 1024;
const MAX_ANCHORS = 16;

/** The certificate a server shows, DER. Nothing is checked yet. */
async function serverCertificate(url: URL, timeoutMs: number): Promise<Uint8Array<ArrayBuffer>> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const socket: TLSSocket = connect({ host, port: Number(url.port || 443), rejectUnauthorized: false }, () => {
    const certificate: Partial<PeerCertificate> = socket.getPeerCertificate();
    if (certificate.raw) resolve(Uint8Array.from(certificate.raw));
    else reject(new Error("the server showed no certificate"));
  });
  socket.setTimeout(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs / 1000} s`)));
  socket.on("error", reject);
  try {
    return await promise;
  } catch (error) {
    throw unreachable(url, error);
  } finally {
    socket.destroy();
  }
}

async function fetchAnchors(url: URL, tls: BunFetchRequestInitTLS, timeoutMs: number): Promise<string> {
  let answer: Response;
  let text = "";
  try {
    answer = await fetch(new URL("/api/v1/trust/bootstrap", url), {
      signal: AbortSignal.timeout(timeoutMs),
      redirect: "error",
      tls,
    });
    if (answer.ok) text = await answer.text();
  } catch (error) {
    throw unreachable(url, error);
  }
  if (answer.status === 429 || answer.status >= 502) throw await refusal(answer);
  if (!answer.ok || text.length > MAX_ANSWER_BYTES)
    throw new AppError("unavailable", `${url.origin} answered ${answer.status} to the trust request`, {
      hint: "Is this the address of a Telovix Console?",
    });
  try {
    return bootstrap.parse(JSON.parse(text)).control_plane_ca_certificate_pem;
  } catch (error) {
    throw new AppError("unavailable", `${url.origin} does not answer like a Telovix Console`, { cause: error });
  }
}

/** Those of the anchors that signed the certificate, or are it. */
async function signersOf(leaf: x509.X509Certificate, caPem: string): Promise<string[]> {
  const blocks = caPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const signers: string[] = [];
  for (const block of blocks.slice(0, MAX_ANCHORS)) {
    const anchor = new x509.X509Certificate(block);
    const same = Buffer.from(anchor.rawData).equals(Buffer.from(leaf.rawData));
    const named = anchor.subject === leaf.issuer;
    const signed =
      named && (await leaf.verify({ publicKey: anchor.publicKey, signatureOnly: true }).catch(() => false));
    if (same || signed) signers.push(block);
  }
  return signers;
}

function checkDates(leaf: x509.X509Certificate, nowMs: number): void {
  const hint = "Set this node's clock (timedatectl, chronyc makestep) and try again.";
  const now = new Date(nowMs).toISOString();
  const refuse = (what: string): never => {
    throw new AppError("invalid_sensor_trust", `the Console's certificate ${what}, but this node's clock says ${now}`, {
      hint,
    });
  };
  if (nowMs < leaf.notBefore.getTime()) refuse(`is valid from ${leaf.notBefore.toISOString()}`);
  if (nowMs > leaf.notAfter.getTime()) refuse(`ended at ${leaf.notAfter.toISOString()}`);
}

/**
 * Trust from a pin. The server shows its certificate; its key must be the pinned one. What authorities it names is
 * first taken unproven, and only those that signed this very certificate are used, to ask again over verified TLS
 * whose server must prove the pinned key: that second answer is what counts. So whoever stands in between can add no
 * authority of his own.
 */
export async function trustByPin(url: URL, pin: string, nowMs: number, timeoutMs = 10_000): Promise<UplinkTls> {
  const leaf = new x509.X509Certificate(await serverCertificate(url, timeoutMs));
  const shown = curlPin(leaf.publicKey.rawData);
  if (shown !== pin)
    throw new AppError("invalid_sensor_trust", `the Console's key is ${shown}, not the pinned one`, {
      hint: "Compare it with the pin the Console prints. If they differ, something stands between this node and the Console.",
    });
  checkDates(leaf, nowMs);
  const unproven = await fetchAnchors(url, { rejectUnauthorized: false }, timeoutMs);
  const signers = await signersOf(leaf, unproven);
  if (signers.length === 0)
    throw new AppError("invalid_sensor_trust", "the Console's certificate is not signed by the authority it names");
  const pinned = (_host: string, certificate: PeerCertificate): Error | undefined =>
    curlPin(new x509.X509Certificate(Uint8Array.from(certificate.raw)).publicKey.rawData) === pin
      ? undefined
      : new Error("the Console's key is not the pinned one");
  const tls: UplinkTls = { ca: signers.join("\n"), rejectUnauthorized: true, checkServerIdentity: pinned };
  return { ...tls, ca: await fetchAnchors(url, tls, timeoutMs) };
}

/** Trust in whoever answers: only for a network where nobody else can. */
export async function trustAnybody(url: URL, timeoutMs = 10_000): Promise<UplinkTls> {
  return uplinkTls({ caPem: await fetchAnchors(url, { rejectUnauthorized: false }, timeoutMs) });
}
