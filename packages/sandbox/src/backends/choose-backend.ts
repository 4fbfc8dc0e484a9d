import { withoutAwsSettings } from "../environment/without-aws-settings.ts";
import { SandboxError } from "../errors.ts";
import type { BackendName } from "../sandbox.ts";
import { dockerAnswers } from "./docker/docker-answers.ts";

/**
 * Settles on a back end: `auto` takes Docker when its daemon answers, else processes.
 *
 * @param environment usually `process.env`
 * @throws {SandboxError} ERR_SANDBOX_BACKEND_UNAVAILABLE when `docker` is asked for and does not answer
 */
export async function chooseBackend(
  wanted: BackendName | "auto",
  environment: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<BackendName> {
  if (wanted === "process") return "process";
  if (await dockerAnswers(withoutAwsSettings(environment), signal)) return "docker";
  if (wanted === "auto") return "process";
  throw new SandboxError(
    "ERR_SANDBOX_BACKEND_UNAVAILABLE",
    'the docker back end was asked for, but "docker info" does not answer: start Docker, or use the process back end',
  );
}
