import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { getDirectly } from "@roles-anywhere/sandbox";
import { z } from "zod";
import { startAppProcess } from "../story/external-server/process-server.ts";
import { PROFILE_NAME } from "../story/external-server/external-server.ts";
import { runProgram } from "../story/programs.ts";
import type { Answer, DrillContext } from "./drill.ts";
import { shortenSessions } from "./operator.ts";
import type { Identity } from "./world.ts";

/** The app of server A at work: several people list its files all the time. It is never started anew. */
export interface AppUnderLoad {
  /** Puts another certificate with its key in the place of the one that the app uses, in one step. */
  replaceIdentity(identity: Identity): Promise<void>;
  /** Waits until the app's session is that of this certificate, or until a request failed. */
  untilItUses(identity: Identity): Promise<Answer>;
  /** Waits until the app has had so many sessions more, or until a request failed. */
  untilRenewed(times: number): Promise<void>;
  /** Ends the load. `no failed request`, or the first failure. */
  result(): Promise<Answer>;
}

/** Sessions of so many seconds, which the app renews when half of that is left. */
const SESSION_SECONDS = 10;
const WORKERS = 3;

const identityAnswer = z.object({ arn: z.string(), credentialsExpireAt: z.string() });

export async function startAppUnderLoad(context: DrillContext, identity: Identity): Promise<AppUnderLoad> {
  const { world, undo } = context;
  const { sandbox } = world;
  await shortenSessions(context, SESSION_SECONDS);
  const folder = await world.makeFolder();
  const identityFile = join(folder, "identity.pem");
  const replaceIdentity = async (next: Identity): Promise<void> => {
    const [certificate, privateKey] = await Promise.all([
      readFile(next.certificate, "utf8"),
      readFile(next.privateKey, "utf8"),
    ]);
    await writeFile(`${identityFile}.next`, certificate + privateKey, { mode: 0o600 });
    await rename(`${identityFile}.next`, identityFile);
  };
  await replaceIdentity(identity);
  const { trustAnchorArn, profileArn, roleArn } = world.arnsOf("server-a");
  const environment = { ...sandbox.environments.server, AWS_CONFIG_FILE: join(folder, "config") };
  await runProgram("ra-signer", {
    arguments: [
      ...["configure", "--profile", PROFILE_NAME, "--certificate", identityFile],
      ...["--trust-anchor-arn", trustAnchorArn, "--profile-arn", profileArn, "--role-arn", roleArn],
    ],
    environment,
  });
  const { app, url } = startAppProcess({
    ...environment,
    PROFILE: PROFILE_NAME,
    REGION: sandbox.region,
    BUCKET: world.buckets.reports,
    // All people come from one address here.
    RATE_LIMIT: "999999",
  });
  undo(() => app.stop());
  const appUrl = await url;

  const failures: string[] = [];
  let requests = 0;
  const ending = new AbortController();
  const get = async (path: string): Promise<string> => {
    const { status, body } = await getDirectly(`${appUrl}${path}`, AbortSignal.timeout(60_000));
    requests += 1;
    if (status !== 200) failures.push(`GET ${path} answered ${status}: ${body}`);
    return body;
  };
  const work = async (): Promise<void> => {
    while (!ending.signal.aborted && failures.length === 0) await get("/api/files");
  };
  const workers = Array.from({ length: WORKERS }, work);
  const end = async (): Promise<void> => {
    ending.abort();
    await Promise.all(workers);
  };
  undo(end);

  /** Asks the app again and again for its session, until it is the one that is waited for or a request failed. */
  const watch = async (isIt: (session: z.infer<typeof identityAnswer>) => boolean): Promise<boolean> => {
    while (failures.length === 0) {
      const session = identityAnswer.safeParse(JSON.parse(await get("/api/identity")));
      if (session.success && isIt(session.data)) return true;
      await setTimeout(100);
    }
    return false;
  };
  return {
    replaceIdentity,
    async untilItUses({ serialNumber }) {
      const uses = await watch(({ arn }) => arn.toLowerCase().endsWith(`/${serialNumber.toLowerCase()}`));
      return uses ? { seen: "the app's session has the new serial number" } : failed(failures);
    },
    async untilRenewed(times) {
      const sessions = new Set<string>();
      await watch(({ credentialsExpireAt }) => sessions.add(credentialsExpireAt).size > times);
    },
    async result() {
      await end();
      if (failures.length > 0) return failed(failures);
      return { seen: "no failed request", words: `${requests} requests, and the app was not started anew` };
    },
  };
}

function failed([first]: readonly string[]): Answer {
  return { seen: "a failed request", words: first };
}
