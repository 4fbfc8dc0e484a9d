import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { z } from "zod";
import type { Story } from "./story.ts";

const file = z.object({
  fileName: z.string(),
  size: z.number(),
  lastModified: z.iso.datetime(),
  viewUrl: z.url(),
  viewUrlExpiresAt: z.iso.datetime(),
});
const listing = z.object({ files: z.array(file), nextCursor: z.string().nullable() });
const identity = z.object({
  account: z.string(),
  arn: z.string(),
  credentialSource: z.string(),
  certificate: z.object({ subject: z.string(), serialNumber: z.string(), daysLeft: z.int() }),
});
const credentials = z.strictObject({
  Version: z.literal(1),
  AccessKeyId: z.string().startsWith("ASIA"),
  SecretAccessKey: z.string().min(1),
  SessionToken: z.string().min(1),
  Expiration: z.iso.datetime(),
  AccountId: z.string(),
});

const samples = fileURLToPath(new URL("../../../infra/sample-objects/", import.meta.url));

export function testApp(story: () => Story): void {
  const get = async (path: string, appUrl = story().appUrl): Promise<unknown> => {
    const answer = await fetch(`${appUrl}${path}`);
    expect(answer.status).toBe(200);
    return await answer.json();
  };

  it("the credential process prints what the SDKs expect, and the session lasts an hour", async () => {
    const before = Date.now();
    const { stdout, stderr } = await story().server.runCredentialProcess();
    const { Expiration, AccountId } = credentials.parse(JSON.parse(stdout));
    expect(AccountId).toBe(story().cloud.accountId);
    const lifeMs = Date.parse(Expiration) - before;
    // Whole seconds, and the time that the call itself takes.
    expect(lifeMs).toBeGreaterThan(3598_000);
    expect(lifeMs).toBeLessThan(3660_000);
    expect(stderr).toBe("");
  });

  it("the server has no static key", async () => {
    expect(await story().server.readProfile()).not.toMatch(/aws_access_key_id|aws_secret_access_key/);
  });

  it("the app is the assumed role, with the certificate's serial number as session name", async () => {
    const { account, arn, certificate } = identity.parse(await get("/api/identity"));
    const { roleArn } = story().stack.outputs;
    const { serialNumber } = new X509Certificate(await readFile(story().pki.certificatePath));
    expect(account).toBe(story().cloud.accountId);
    expect(arn.toLowerCase()).toBe(
      `arn:aws:sts::${account}:assumed-role/${roleArn.split("/").at(-1)}/${serialNumber}`.toLowerCase(),
    );
    expect(certificate).toMatchObject({ serialNumber: serialNumber.toLowerCase(), daysLeft: 364 });
    expect(certificate.subject).toContain("CN=nestjs-external-server");
  });

  it("the app lists every sample object with its size", async () => {
    const { files } = listing.parse(await get("/api/files"));
    const expected = await Promise.all(
      (await readdir(samples)).map(async (name) => ({
        fileName: name,
        size: (await readFile(samples + name)).length,
      })),
    );
    const byName = (a: { fileName: string }, b: { fileName: string }): number =>
      a.fileName < b.fileName ? -1 : 1;
    expect(files.map(({ fileName, size }) => ({ fileName, size })).toSorted(byName)).toEqual(
      expected.toSorted(byName),
    );
  });

  it("each presigned link returns the object's bytes, to anyone who has it", async () => {
    const { files } = listing.parse(await get("/api/files"));
    expect(files.length).toBeGreaterThan(0);
    for (const { fileName, viewUrl } of files) {
      const answer = await fetch(viewUrl);
      expect(answer.status).toBe(200);
      expect(Buffer.from(await answer.arrayBuffer())).toEqual(await readFile(samples + fileName));
    }
  });

  it("a presigned link is signed with the session's key and lives no longer than an hour", async () => {
    const { files } = listing.parse(await get("/api/files"));
    const query = new URL(files[0]?.viewUrl ?? "").searchParams;
    expect(query.get("X-Amz-Credential")).toMatch(/^ASIA/);
    expect(query.get("X-Amz-Security-Token")).toBeTruthy();
    const expiresSeconds = Number(query.get("X-Amz-Expires"));
    expect(expiresSeconds).toBeGreaterThan(3000);
    expect(expiresSeconds).toBeLessThanOrEqual(3600);
  });

  it("pages through the bucket with the cursor, and finds by prefix", async () => {
    const names: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const { files, nextCursor } = listing.parse(await get(`/api/files?limit=1${query}`));
      expect(files).toHaveLength(1);
      names.push(...files.map(({ fileName }) => fileName));
      cursor = nextCursor;
    }
    expect(names.toSorted()).toEqual((await readdir(samples)).toSorted());
    const found = listing.parse(await get("/api/files?prefix=wel"));
    expect(found.files.map(({ fileName }) => fileName)).toEqual(["welcome.txt"]);
  });

  it("the app is alive, and ready: it has credentials, a certificate and the bucket", async () => {
    expect(await get("/health")).toMatchObject({ status: "ok" });
    expect(await get("/health/ready")).toMatchObject({
      status: "ok",
      details: {
        credentials: { status: "up" },
        certificate: { status: "up", daysLeft: 364 },
        bucket: { status: "up" },
      },
    });
  });

  it("the app does the same without a profile, when it asks Roles Anywhere by itself", async () => {
    const appUrl = await story().server.startApp(story().stack.outputs);
    const page = await fetch(appUrl);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("<title>Files");
    const caller = identity.parse(await get("/api/identity"));
    expect(caller.credentialSource).toBe("profile");
    expect(identity.parse(await get("/api/identity", appUrl))).toEqual({
      ...caller,
      credentialSource: "in-process",
    });
    const names = (answer: unknown): readonly string[] =>
      listing.parse(answer).files.map(({ fileName }) => fileName);
    expect(names(await get("/api/files", appUrl))).toEqual(names(await get("/api/files")));
    const { files } = listing.parse(await get("/api/files", appUrl));
    expect((await fetch(files[0]?.viewUrl ?? "")).status).toBe(200);
  });
}
