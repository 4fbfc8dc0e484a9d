import { runSupervised } from "../../supervision/run-supervised.ts";

/**
 * Whether a Docker daemon answers `docker info`.
 *
 * @param environment must hold PATH, and DOCKER_HOST where that is used
 */
export async function dockerAnswers(
  environment: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<boolean> {
  const probe = { command: "docker", arguments: ["info", "--format", "{{.ServerVersion}}"], environment };
  const { exitCode, stdout } = await runSupervised(probe, signal);
  // The client alone exits with 0 on some versions, and prints nothing.
  return exitCode === 0 && stdout.trim() !== "";
}
