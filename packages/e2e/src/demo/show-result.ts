import { getDirectly } from "@roles-anywhere/sandbox";
import { z } from "zod";
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

/** Asks the app for its identity and its files, and opens the first presigned link. */
export async function showResult(appUrl: string, reporter: Reporter): Promise<void> {
  reporter.command(`curl ${appUrl}/api/identity`);
  reporter.result(JSON.stringify(JSON.parse(await get(`${appUrl}/api/identity`)), null, 2));

  reporter.command(`curl ${appUrl}/api/files`);
  const { files, nextCursor } = listing.parse(JSON.parse(await get(`${appUrl}/api/files`)));
  reporter.result(JSON.stringify({ files: files.map(shorten), nextCursor }, null, 2));

  const [first] = files;
  if (first === undefined) throw new StoryError(`${appUrl}/api/files lists nothing`);
  reporter.command(`curl '<viewUrl of ${first.fileName}>'`);
  reporter.result(await get(first.viewUrl));
}

/** Leaves out the query of the presigned URL: it is long, and it is a credential until it expires. */
function shorten(file: z.infer<typeof listing>["files"][number]): object {
  return { ...file, viewUrl: `${file.viewUrl.split("?")[0]}?X-Amz-Signature=…` };
}

async function get(url: string): Promise<string> {
  const { status, body } = await getDirectly(url, AbortSignal.timeout(60_000));
  if (status !== 200) throw new StoryError(`${new URL(url).pathname} answered ${status}: ${body}`);
  return body;
}
