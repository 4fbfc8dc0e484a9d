import { S3Client } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeAws } from "../test/support/fake-aws.ts";
import { shareCredentials } from "./credentials.ts";
import { FilesService, linkLifetimeSeconds } from "./files.ts";
import { clientOptions } from "./roles-anywhere.ts";
import type { RolesAnywhereOptions } from "./roles-anywhere.ts";

const NOW = Date.UTC(2026, 0, 1, 12);
const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    key: `file-${String(index).padStart(4, "0")}`,
    size: index,
    lastModified: "2026-01-01T00:00:00.000Z",
  }));

let aws: FakeAws;

beforeAll(async () => {
  aws = await FakeAws.start();
});
beforeEach(() => {
  aws.objects = [];
  aws.requests.length = 0;
  vi.stubEnv("AWS_ENDPOINT_URL", aws.url);
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(() => aws[Symbol.asyncDispose]());

function setUp(settings: { bucket?: string; s3PublicEndpoint?: string } = {}): FilesService {
  const options: RolesAnywhereOptions = { region: "eu-central-1", profile: "none", forcePathStyle: true };
  const credentials = shareCredentials(async () => ({
    accessKeyId: "ASIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    sessionToken: "session-token",
    expiration: new Date(NOW + 600_000),
  }));
  const reader = new S3Client(clientOptions(options, credentials));
  const where = { bucket: "docs", s3PublicEndpoint: undefined, ...settings };
  return new FilesService(reader, credentials, options, where);
}

describe("listFiles", () => {
  it("gives name, size, date and link of each object", async () => {
    aws.objects = [{ key: "a.txt", size: 12, lastModified: "2026-01-01T00:00:00.000Z" }];
    expect(await setUp().listFiles({ limit: 10 })).toEqual({
      files: [
        {
          fileName: "a.txt",
          size: 12,
          lastModified: "2026-01-01T00:00:00.000Z",
          viewUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/docs\/a\.txt\?X-Amz-Algorithm=/),
          viewUrlExpiresAt: "2026-01-01T12:10:00.000Z",
        },
      ],
      nextCursor: null,
    });
  });

  it("signs links for the rest of the session, with its token", async () => {
    aws.objects = numbered(1);
    const { files } = await setUp().listFiles({ limit: 10 });
    const query = new URL(files[0]?.viewUrl ?? "").searchParams;
    expect(query.get("X-Amz-Date")).toBe("20260101T120000Z");
    expect(query.get("X-Amz-Expires")).toBe("600");
    expect(query.get("X-Amz-Security-Token")).toBe("session-token");
    expect(query.get("X-Amz-Credential")).toBe("ASIAIOSFODNN7EXAMPLE/20260101/eu-central-1/s3/aws4_request");
  });

  it("signs links for the name that browsers use, and lists by the other", async () => {
    aws.objects = numbered(1);
    const service = setUp({ s3PublicEndpoint: "https://files.example:8443" });
    const { files } = await service.listFiles({ limit: 10 });
    expect(files[0]?.viewUrl).toMatch(/^https:\/\/files\.example:8443\/docs\/file-0000\?/);
    expect(aws.requests).toHaveLength(1);
    expect(await service.linkOrigin()).toBe("https://files.example:8443");
  });

  it.each(["a b.txt", "50% & more?.txt", "päper/ünï.txt", "#1+2=3.txt", "日本語.txt", "<x>'\".txt"])(
    "links to %s without breaking the URL, and finds it by its own name",
    async (key) => {
      aws.objects = [{ key, size: 1, lastModified: "2026-01-01T00:00:00.000Z" }];
      const { files } = await setUp().listFiles({ limit: 10, prefix: key });
      expect(files[0]?.fileName).toBe(key);
      expect(decodeURIComponent(new URL(files[0]?.viewUrl ?? "").pathname)).toBe(`/docs/${key}`);
    },
  );

  it.each([
    ["one at a time", 1, 7],
    ["in pages that do not divide the number", 3, 3],
    ["in one page of exactly their number", 7, 1],
  ])("reads all objects, %s, by following the cursor", async (_how, limit, pages) => {
    aws.objects = numbered(7);
    const service = setUp();
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const { files, nextCursor } = await service.listFiles({ limit, cursor });
      expect(files.length).toBeLessThanOrEqual(limit);
      names.push(...files.map(({ fileName }) => fileName));
      cursor = nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(names).toEqual(aws.objects.map(({ key }) => key));
    expect(aws.requests).toHaveLength(pages);
  });

  it("lists only names with the prefix", async () => {
    aws.objects = [
      ...numbered(3),
      { ...numbered(1)[0], key: "other", size: 1, lastModified: "2026-01-01T00:00:00.000Z" },
    ];
    const { files } = await setUp().listFiles({ limit: 10, prefix: "oth" });
    expect(files.map(({ fileName }) => fileName)).toEqual(["other"]);
  });

  it("finds nothing in an empty bucket", async () => {
    expect(await setUp().listFiles({ limit: 10 })).toEqual({ files: [], nextCursor: null });
  });

  it("passes AWS's errors on", async () => {
    aws.refusal = { status: 403, code: "AccessDenied", message: "no" };
    await expect(setUp().listFiles({ limit: 10 })).rejects.toMatchObject({
      name: "AccessDenied",
      message: "no",
    });
    aws.refusal = undefined;
  });
});

describe("linkOrigin", () => {
  it("is that of the links, without credentials", async () => {
    aws.objects = numbered(1);
    const service = setUp();
    const origin = await service.linkOrigin();
    expect(aws.requests).toEqual([]);
    expect(new URL((await service.listFiles({ limit: 1 })).files[0]?.viewUrl ?? "").origin).toBe(origin);
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
