import { readFile } from "node:fs/promises";

/** One object of the demo. */
export interface SampleObject {
  readonly key: string;
  /** Media type, sent as Content-Type. */
  readonly contentType: string;
  readonly content: Buffer;
}

const CONTENT_TYPES = {
  "shipments.json": "application/json",
  "trust.svg": "image/svg+xml",
  "welcome.txt": "text/plain; charset=utf-8",
} as const;

/** Reads the three small files that come with this package, in the order in which S3 lists them. */
export function readSampleObjects(): Promise<SampleObject[]> {
  return Promise.all(
    Object.entries(CONTENT_TYPES).map(async ([key, contentType]) => ({
      key,
      contentType,
      content: await readFile(new URL(`../../sample-objects/${key}`, import.meta.url)),
    })),
  );
}
