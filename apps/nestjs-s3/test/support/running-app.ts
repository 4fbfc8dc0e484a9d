import { once } from "node:events";
import { vi } from "vitest";
import { createApp } from "../../src/app.ts";
import { createLog } from "../../src/log.ts";
import { readSettings } from "../../src/settings.ts";
import { FakeAws } from "./fake-aws.ts";
import { FakeCredentialProcess } from "./fake-credential-process.ts";

/** A server that listens, with a profile and an AWS of its own. */
export async function startApp() {
  const aws = await FakeAws.start();
  const profile = new FakeCredentialProcess();
  vi.stubEnv("AWS_ENDPOINT_URL", aws.url);
  vi.stubEnv("AWS_CONFIG_FILE", profile.configFile);
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", `${profile.folder}/none`);
  const given = {
    REGION: "eu-central-1",
    PROFILE: "roles-anywhere",
    BUCKET: "docs",
    AWS_ENDPOINT_URL: aws.url,
  };
  const app = await createApp(readSettings({ ...given, RATE_LIMIT: "10000" }), createLog("silent"));
  const server = app.getHttpServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    aws,
    profile,
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose](): Promise<void> {
      await app.close();
      await aws[Symbol.asyncDispose]();
      profile[Symbol.dispose]();
    },
  };
}

export type RunningApp = Awaited<ReturnType<typeof startApp>>;
