import { readFileSync } from "node:fs";
import { S3Client } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { startObjectStore } from "../../test/support/object-store.ts";
import type { ObjectStore } from "../../test/support/object-store.ts";
import { uploadSampleObjects } from "./upload-sample-objects.ts";

const bucketName = "documents";

function clientOf(store: ObjectStore): S3Client {
  return new S3Client({
    endpoint: store.endpointUrl,
    forcePathStyle: true,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
}

const fileOf = (key: string) => readFileSync(new URL(`../../sample-objects/${key}`, import.meta.url));

describe("uploadSampleObjects", () => {
  it("puts three files of different kinds into the bucket", async () => {
    await using store = await startObjectStore();
    const uploaded = await uploadSampleObjects({ bucketName, client: clientOf(store) });
    expect(uploaded).toEqual([
      { key: "shipments.json", size: fileOf("shipments.json").byteLength, status: "uploaded" },
      { key: "trust.svg", size: fileOf("trust.svg").byteLength, status: "uploaded" },
      { key: "welcome.txt", size: fileOf("welcome.txt").byteLength, status: "uploaded" },
    ]);
    expect(Object.fromEntries(store.objects)).toEqual({
      "documents/shipments.json": { content: fileOf("shipments.json"), contentType: "application/json" },
      "documents/trust.svg": { content: fileOf("trust.svg"), contentType: "image/svg+xml" },
      "documents/welcome.txt": { content: fileOf("welcome.txt"), contentType: "text/plain; charset=utf-8" },
    });
  });

  it("leaves objects alone that are there already, and adds the missing one", async () => {
    await using store = await startObjectStore();
    const client = clientOf(store);
    await uploadSampleObjects({ bucketName, client });
    store.objects.delete("documents/trust.svg");
    const uploaded = await uploadSampleObjects({ bucketName, client });
    expect(uploaded.map(({ key, status }) => [key, status])).toEqual([
      ["shipments.json", "unchanged"],
      ["trust.svg", "uploaded"],
      ["welcome.txt", "unchanged"],
    ]);
  });

  it("writes nothing at all when one key is taken by other content", async () => {
    await using store = await startObjectStore();
    const mine = { content: Buffer.from("mine"), contentType: "text/plain" };
    store.objects.set("documents/welcome.txt", mine);
    await expect(uploadSampleObjects({ bucketName, client: clientOf(store) })).rejects.toMatchObject({
      code: "ERR_INFRA_SAMPLE_OBJECT_EXISTS",
      message: expect.stringContaining(
        "s3://documents/welcome.txt exists with other content and was left as it is",
      ),
    });
    expect([...store.objects]).toEqual([["documents/welcome.txt", mine]]);
  });

  it("does not overwrite an object that appears between the look and the write", async () => {
    await using store = await startObjectStore();
    const theirs = { content: Buffer.from("theirs"), contentType: "text/plain" };
    store.beforePut = (path) => {
      if (path === "documents/welcome.txt") {
        store.objects.set(path, theirs);
      }
    };
    await expect(uploadSampleObjects({ bucketName, client: clientOf(store) })).rejects.toMatchObject({
      code: "ERR_INFRA_SAMPLE_OBJECT_EXISTS",
    });
    expect(store.objects.get("documents/welcome.txt")).toBe(theirs);
  });
});
