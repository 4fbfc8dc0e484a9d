import { S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeAws } from "../test/support/fake-aws.ts";
import { linkLifetimeSeconds, listFiles, oneRunAtATime } from "./files.ts";
import type { ListFilesInput } from "./files.ts";

const NOW = Date.UTC(2026, 0, 1, 12);
const credentials = async () => ({
  accessKeyId: "ASIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  sessionToken: "session-token",
  expiration: new Date(NOW + 600_000),
});
const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    key: `file-${String(index).padStart(4, "0")}`,
    size: index,
    lastModified: "2026-01-01T00:00:00.000Z",
  }));

let aws: FakeAws;
let input: ListFilesInput;

beforeAll(async () => {
  aws = await FakeAws.start();
});
beforeEach(() => {
  aws.objects = [];
  aws.pageSize = 1000;
  aws.requests.length = 0;
  const reader = new S3Client({
    region: "eu-central-1",
    endpoint: aws.url,
    forcePathStyle: true,
    credentials,
  });
  input = { bucket: "docs", reader, linkSigner: reader, credentials, maxFiles: 100, now: () => NOW };
});
afterAll(() => aws[Symbol.asyncDispose]());

describe("listFiles", () => {
  it("gives name, size, date and link of each object", async () => {
    aws.objects = [{ key: "a.txt", size: 12, lastModified: "2026-01-01T00:00:00.000Z" }];
    const { files, truncated } = await listFiles(input);
    expect(truncated).toBe(false);
    expect(files).toEqual([
      {
        fileName: "a.txt",
        size: 12,
        lastModified: "2026-01-01T00:00:00.000Z",
        viewUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/docs\/a\.txt\?X-Amz-Algorithm=/),
      },
    ]);
  });

  it("signs links for the rest of the session, with its token", async () => {
    aws.objects = numbered(1);
    const { files } = await listFiles(input);
    const query = new URL(files[0]?.viewUrl ?? "").searchParams;
    expect(query.get("X-Amz-Date")).toBe("20260101T120000Z");
    expect(query.get("X-Amz-Expires")).toBe("600");
    expect(query.get("X-Amz-Security-Token")).toBe("session-token");
    expect(query.get("X-Amz-Credential")).toBe("ASIAIOSFODNN7EXAMPLE/20260101/eu-central-1/s3/aws4_request");
  });

  it("signs links for the name that browsers use, and lists by the other", async () => {
    aws.objects = numbered(1);
    const linkSigner = new S3Client({
      region: "eu-central-1",
      endpoint: "https://files.example:8443",
      forcePathStyle: true,
      credentials,
    });
    const { files } = await listFiles({ ...input, linkSigner });
    expect(files[0]?.viewUrl).toMatch(/^https:\/\/files\.example:8443\/docs\/file-0000\?/);
    expect(aws.requests).toHaveLength(1);
  });

  it.each(["a b.txt", "50% & more?.txt", "päper/ünï.txt", "#1+2=3.txt", "日本語.txt", "<x>'\".txt"])(
    "links to %s without breaking the URL",
    async (key) => {
      aws.objects = [{ key, size: 1, lastModified: "2026-01-01T00:00:00.000Z" }];
      const { files } = await listFiles(input);
      expect(files[0]?.fileName).toBe(key);
      expect(decodeURIComponent(new URL(files[0]?.viewUrl ?? "").pathname)).toBe(`/docs/${key}`);
    },
  );

  it("reads page after page", async () => {
    aws.objects = numbered(7);
    aws.pageSize = 3;
    const { files } = await listFiles(input);
    expect(files.map(({ fileName }) => fileName)).toEqual(aws.objects.map(({ key }) => key));
    expect(aws.requests).toHaveLength(3);
  });

  it.each([
    ["in the middle of a page", 4, true, 2],
    ["at the end of a page", 6, true, 2],
    ["at exactly the number of objects", 7, false, 3],
  ])("stops %s", async (_where, maxFiles, truncated, pages) => {
    aws.objects = numbered(7);
    aws.pageSize = 3;
    const listing = await listFiles({ ...input, maxFiles });
    expect(listing.files).toHaveLength(maxFiles);
    expect(listing.truncated).toBe(truncated);
    expect(aws.requests).toHaveLength(pages);
  });

  it("finds nothing in an empty bucket", async () => {
    expect(await listFiles(input)).toEqual({ files: [], truncated: false });
  });

  it("passes AWS's errors on", async () => {
    aws.refusal = { status: 403, code: "AccessDenied", message: "no" };
    await expect(listFiles(input)).rejects.toMatchObject({ name: "AccessDenied", message: "no" });
    aws.refusal = undefined;
  });
});

describe("linkLifetimeSeconds", () => {
  it.each([
    ["credentials that do not expire", undefined, 3600],
    ["twelve hours left", 12 * 3_600_000, 3600],
    ["an hour and a bit left", 3_600_999, 3600],
    ["a second less than an hour left", 3_599_000, 3599],
    ["59.9 seconds left", 59_900, 59],
    ["half a second left", 500, 1],
    ["nothing left", 0, 1],
    ["a session that ended", -5000, 1],
  ])("%s: %s ms → %s s", (_what, remainingMs, expected) => {
    const expiration = remainingMs === undefined ? undefined : new Date(NOW + remainingMs);
    expect(linkLifetimeSeconds(expiration, NOW)).toBe(expected);
  });
});

describe("oneRunAtATime", () => {
  function setUp() {
    const runs: PromiseWithResolvers<string>[] = [];
    const call = oneRunAtATime(() => {
      const run = Promise.withResolvers<string>();
      runs.push(run);
      return run.promise;
    });
    return { runs, call };
  }

  it("lets those who call during a run share the next one", async () => {
    const { runs, call } = setUp();
    const first = call();
    await Promise.resolve();
    const others = Array.from({ length: 40 }, () => call());
    expect(runs).toHaveLength(1);
    runs[0]?.resolve("first");
    expect(await first).toBe("first");
    expect(runs).toHaveLength(2);
    runs[1]?.resolve("second");
    expect(new Set(await Promise.all(others))).toEqual(new Set(["second"]));
    expect(runs).toHaveLength(2);
  });

  it("goes on after a failure, which only those see who shared the run", async () => {
    const { runs, call } = setUp();
    const first = call();
    await Promise.resolve();
    const second = call();
    runs[0]?.reject(new Error("down"));
    await expect(first).rejects.toThrow("down");
    await vi.waitUntil(() => runs.length === 2);
    runs[1]?.resolve("up");
    expect(await second).toBe("up");
  });
});
