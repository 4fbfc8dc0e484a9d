import { withoutAwsSettings } from "../environments.ts";
import { SandboxError } from "../errors.ts";
import { resolveOptions } from "../options.ts";
import type { BackendName, SandboxOptions } from "../options.ts";
import { runSupervised } from "../supervision/supervised.ts";

/** The options that decide which back end can be used. */
export type ChooseBackendOptions = Pick<
  SandboxOptions,
  "environment" | "localstackImage" | "mockImage" | "nodeImage" | "onProgress" | "signal"
>;

/**
 * Chooses a back end. `auto` takes Docker when its daemon answers and the images are on this machine or can be fetched,
 * else processes. When the daemon answers and an image cannot be fetched, `onProgress` gets the reason in one line.
 *
 * @example
 * const backend = await chooseBackend("auto", { onProgress: console.error });
 *
 * @throws {SandboxError} ERR_SANDBOX_BACKEND_UNAVAILABLE when `wanted` is `docker` and the daemon does not answer;
 *   ERR_SANDBOX_IMAGE_UNAVAILABLE when `wanted` is `docker` and an image cannot be fetched
 */
export async function chooseBackend(
  wanted: BackendName | "auto",
  options: ChooseBackendOptions = {},
): Promise<BackendName> {
  if (wanted === "process") return "process";
  const { environment, localstackImage, mockImage, nodeImage, onProgress, signal } = options;
  const resolved = resolveOptions({ environment, localstackImage, mockImage, nodeImage, onProgress, signal });
  const docker: RunDocker = (dockerArguments) =>
    runSupervised(
      {
        command: "docker",
        arguments: dockerArguments,
        environment: withoutAwsSettings(resolved.environment),
      },
      signal,
    );

  if (!(await daemonAnswers(docker))) {
    if (wanted === "auto") return "process";
    throw new SandboxError(
      "ERR_SANDBOX_BACKEND_UNAVAILABLE",
      'the docker back end was asked for, but "docker info" does not answer: start Docker, or use the process back end',
    );
  }
  for (const { image, variable } of [
    { image: resolved.localstackImage, variable: "LOCALSTACK_IMAGE" },
    resolved.mockImage === undefined
      ? { image: resolved.nodeImage, variable: "NODE_IMAGE" }
      : { image: resolved.mockImage, variable: "RA_MOCK_IMAGE" },
  ]) {
    const reason = await reasonForMissingImage(docker, image, resolved.onProgress);
    if (reason === undefined) continue;
    if (wanted === "auto") {
      resolved.onProgress(
        `Docker answers, but the image ${image} cannot be fetched (${reason}): using processes instead`,
      );
      return "process";
    }
    throw new SandboxError(
      "ERR_SANDBOX_IMAGE_UNAVAILABLE",
      `the image ${image} is not on this machine and cannot be fetched: ${reason}. ` +
        `Log in to its registry or load the image, name another one in ${variable}, or use the process back end`,
    );
  }
  return "docker";
}

type RunDocker = (
  dockerArguments: readonly string[],
) => Promise<{ exitCode: number; stdout: string; stderr: string }>;

async function daemonAnswers(docker: RunDocker): Promise<boolean> {
  const { exitCode, stdout } = await docker(["info", "--format", "{{.ServerVersion}}"]);
  // Without a daemon some versions of the command exit with 0 and print nothing.
  return exitCode === 0 && stdout.trim() !== "";
}

/** Fetches an image unless this machine has it. Returns why the image cannot be fetched, or undefined when it is here. */
async function reasonForMissingImage(
  docker: RunDocker,
  image: string,
  onProgress: (line: string) => void,
): Promise<string | undefined> {
  if ((await docker(["image", "inspect", "--format", "{{.Id}}", image])).exitCode === 0) return undefined;
  onProgress(`Fetching the image ${image} (once)`);
  const { exitCode, stderr } = await docker(["pull", "--quiet", image]);
  if (exitCode === 0) return undefined;
  return stderr.trim().split("\n").at(-1)?.trim() || `docker pull ended with exit code ${exitCode}`;
}
