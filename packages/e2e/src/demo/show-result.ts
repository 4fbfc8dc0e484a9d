import type { Narrator } from "../story/narrator.ts";
import { StoryError } from "../story/run-program.ts";
import { z } from "zod";

const listing = z
  .array(z.object({ fileName: z.string(), size: z.number(), lastModified: z.string(), viewUrl: z.url() }))
  .min(1);

/** Asks the app who it is and what it sees, and opens the first presigned link: the end of the story. */
export async function showResult(appUrl: string, narrator: Narrator): Promise<void> {
  narrator.command(`curl ${appUrl}/api/identity`);
  narrator.result(JSON.stringify(JSON.parse(await get(`${appUrl}/api/identity`)), null, 2));

  narrator.command(`curl ${appUrl}/api/files`);
  const files = listing.parse(JSON.parse(await get(`${appUrl}/api/files`)));
  narrator.result(JSON.stringify(files.map(shorten), null, 2));

  const [first] = files;
  if (first === undefined) throw new StoryError(`${appUrl}/api/files lists nothing`);
  narrator.command(`curl '<viewUrl of ${first.fileName}>'`);
  narrator.result(await get(first.viewUrl));
}

/** A presigned URL is longer than a screen, and a credential while it lives: the query is left out. */
function shorten(file: z.infer<typeof listing>[number]): object {
  return { ...file, viewUrl: `${file.viewUrl.split("?")[0]}?X-Amz-Signature=…` };
}

async function get(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(60_000) });
  const body = await answer.text();
  if (!answer.ok) throw new StoryError(`${new URL(url).pathname} answered ${answer.status}: ${body}`);
  return body;
}
