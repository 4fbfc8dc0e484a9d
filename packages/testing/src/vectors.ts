import { readFileSync } from "node:fs";

/** One signed CreateSession request with every intermediate string. `test-vectors/README.md` says where each comes from. */
export interface Vector {
  readonly certificatePem: string;
  /** PKCS#8. */
  readonly privateKeyPem: string;
  readonly trustAnchorPem: string;
  readonly intermediatesPem: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly query: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  readonly signing: {
    readonly algorithm: "AWS4-X509-RSA-SHA256" | "AWS4-X509-ECDSA-SHA256" | "AWS4-X509-MLDSA";
    readonly amzDate: string;
    readonly region: string;
    readonly serialDecimal: string;
    readonly signedHeaders: string;
  };
  readonly canonicalRequest: string;
  readonly canonicalRequestSha256: string;
  readonly stringToSign: string;
  readonly signatureHex: string;
  readonly authorization: string;
  /** Seed of the private key, for ML-DSA only. */
  readonly privateSeedHex?: string | undefined;
}

export type VectorName = "rsa" | "rsa-body-params" | "ecdsa" | "mldsa44";

/** Reads a vector. The files are our own, so their shape is not checked. */
export function readVector(name: VectorName): Vector {
  const url = new URL(`../test-vectors/createsession-${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as Vector;
}
