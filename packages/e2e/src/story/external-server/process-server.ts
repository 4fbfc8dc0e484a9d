import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { abortable, runSupervised, startSupervised } from "@roles-anywhere/sandbox";
import type { Sandbox, Supervised } from "@roles-anywhere/sandbox";
import { assertDone, PROGRAMS, runProgram, StoryError } from "../programs.ts";
import {
  configureArguments,
  credentialProcessOf,
  credentialVariables,
  layOutFiles,
  SERVER_FILES,
} from "./external-server.ts";
import type { ExternalServer, ExternalServerInit } from "./external-server.ts";

/** The external server as a folder and child processes of this one. */
export async function createProcessServer(
  sandbox: { readonly environments: Pick<Sandbox["environments"], "server"> },
  init: ExternalServerInit,
): Promise<ExternalServer> {
  await layOutFiles(init);
  const { directory, signal } = init;
  const configFile = join(directory, SERVER_FILES.config);
  const environment = { ...sandbox.environments.server, AWS_CONFIG_FILE: configFile };
  const apps: Supervised[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(apps.map((app) => app.stop())));
  return {
    async configureProfile() {
      const command = configureArguments(directory);
      await runProgram("ra-signer", { arguments: command, environment, signal });
      return ["ra-signer", ...command].join(" ");
    },
    readProfile: () => readFile(configFile, "utf8"),
    async runCredentialProcess() {
      const commandLine = credentialProcessOf(await readFile(configFile, "utf8"));
      const result = await runSupervised(
        { command: "/bin/sh", arguments: ["-c", commandLine], environment },
        signal,
      );
      return assertDone("credential_process", result);
    },
    async startApp(credentials = "profile") {
      const { app, url } = startAppProcess({
        ...environment,
        ...credentialVariables(credentials, directory),
        REGION: init.region,
        BUCKET: init.bucketName,
      });
      // Added before the app is ready, so that an interruption stops it.
      apps.push(app);
      return await abortable(url, signal);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Starts the app on a free port (`PORT=0`). `url` settles with the URL that the app prints. */
export function startAppProcess(environment: Record<string, string>): {
  app: Supervised;
  url: Promise<string>;
} {
  let output = "";
  const ready = Promise.withResolvers<string>();
  const app = startSupervised({
    command: process.execPath,
    arguments: [PROGRAMS.app],
    environment: { ...environment, PORT: "0" },
    onOutput(chunk) {
      output += chunk;
      const url = /listening on (http:\/\/\S+)/.exec(output)?.[1];
      if (url !== undefined) ready.resolve(url);
    },
  });
  void app.exited.then((code) =>
    ready.reject(
      new StoryError(`the app ended with exit code ${code} before it listened:\n${output.trim()}`),
    ),
  );
  return { app, url: ready.promise };
}
