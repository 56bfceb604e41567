// The library registers its algorithms through decorators, which need this first.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

export { x509 };

/** The one kind of key in the control plane. */
export const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
