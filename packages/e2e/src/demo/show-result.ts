import { getDirectly } from "@roles-anywhere/sandbox";
import { z } from "zod";
import type { EventLog } from "../report/event-log.ts";
import { StoryError } from "../story/programs.ts";
import type { Reporter } from "../story/reporter.ts";

const listing = z.object({
  files: z
    .array(
      z.object({
        fileName: z.string(),
        size: z.number(),
        lastModified: z.string(),
        viewUrl: z.url(),
        viewUrlExpiresAt: z.string(),
      }),
    )
    .min(1),
  nextCursor: z.string().nullable(),
});

/** Asks the app for its identity and its files, and opens the first presigned link. `log` gets the requests. */
export async function showResult(appUrl: string, reporter: Reporter, log?: EventLog): Promise<void> {
  const get = (url: string, server: "app" | "s3" = "app"): Promise<string> => sendGet(url, server, log);
  reporter.command(`curl ${appUrl}/api/identity`);
  reporter.result(JSON.stringify(JSON.parse(await get(`${appUrl}/api/identity`)), null, 2));

  reporter.command(`curl ${appUrl}/api/files`);
  const { files, nextCursor } = listing.parse(JSON.parse(await get(`${appUrl}/api/files`)));
  reporter.result(JSON.stringify({ files: files.map(shorten), nextCursor }, null, 2));

  const [first] = files;
  if (first === undefined) throw new StoryError(`${appUrl}/api/files lists nothing`);
  reporter.command(`curl '<viewUrl of ${first.fileName}>'`);
  reporter.result(await get(first.viewUrl, "s3"));
}

/** Leaves out the query of the presigned URL: it is long, and it is a credential until it expires. */
function shorten(file: z.infer<typeof listing>["files"][number]): object {
  return { ...file, viewUrl: `${file.viewUrl.split("?")[0]}?X-Amz-Signature=…` };
}

async function sendGet(url: string, server: "app" | "s3", log: EventLog | undefined): Promise<string> {
  const began = new Date();
  const { status, body } = await getText(url, AbortSignal.timeout(60_000));
  const milliseconds = Date.now() - began.getTime();
  // The query of a presigned URL is a credential, so the record has the path alone.
  const path = new URL(url).pathname;
  log?.add({
    kind: "app-request",
    at: began.toISOString(),
    server,
    method: "GET",
    path,
    status,
    milliseconds,
  });
  if (status !== 200) throw new StoryError(`${new URL(url).pathname} answered ${status}: ${body}`);
  return body;
}

/** Servers of this machine are asked without a proxy; AWS, which is asked over TLS, as the caller's settings say. */
async function getText(url: string, signal: AbortSignal): Promise<{ status: number; body: string }> {
  if (url.startsWith("http:")) return await getDirectly(url, signal);
  const response = await fetch(url, { signal });
  return { status: response.status, body: await response.text() };
}
