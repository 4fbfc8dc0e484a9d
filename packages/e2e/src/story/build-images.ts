import { runSupervised } from "@roles-anywhere/sandbox";
import { assertDone, REPOSITORY_ROOT } from "./programs.ts";

export interface Images {
  mock: string;
  app: string;
}

export interface BuildImagesInit {
  /** Image with Node that the Dockerfile starts from. @default "node:24-slim", as the Dockerfile says */
  nodeImage?: string | undefined;
  environment: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
  onProgress?: ((line: string) => void) | undefined;
}

/** Builds the images of the mock and of the external server from the Dockerfile. Docker's cache makes repeats fast. */
export async function buildImages(init: BuildImagesInit): Promise<Images> {
  const images: Images = { mock: "roles-anywhere-kit/mock:local", app: "roles-anywhere-kit/nestjs-s3:local" };
  for (const name of ["mock", "app"] as const) {
    init.onProgress?.(`Building the image ${images[name]}`);
    const command = [
      ...["build", "--target", name, "--tag", images[name]],
      ...(init.nodeImage === undefined ? [] : ["--build-arg", `NODE_IMAGE=${init.nodeImage}`]),
      ".",
    ];
    const built = await runSupervised(
      {
        command: "docker",
        arguments: command,
        environment: init.environment,
        workingDirectory: REPOSITORY_ROOT,
      },
      init.signal,
    );
    // The classic builder reports a failed step on stdout.
    assertDone(["docker", ...command].join(" "), { ...built, stderr: tail(built.stdout + built.stderr) });
  }
  return images;
}

function tail(text: string): string {
  return text.trimEnd().split("\n").slice(-40).join("\n");
}
