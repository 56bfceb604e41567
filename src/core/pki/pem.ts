/** DER as PEM with this label. */
export function toPem(label: string, der: ArrayBuffer | Uint8Array): string {
  const lines = Buffer.from(new Uint8Array(der))
    .toString("base64")
    .match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** DER of the first PEM block with this label; undefined when there is none. */
export function fromPem(label: string, pem: string): Uint8Array<ArrayBuffer> | undefined {
  const match = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(pem);
  return match ? Uint8Array.from(Buffer.from(match[1]!, "base64")) : undefined;
}
