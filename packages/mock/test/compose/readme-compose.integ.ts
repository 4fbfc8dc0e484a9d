import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readArguments } from "../../src/cli/arguments.ts";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));

const Compose = z.object({
  services: z.object({
    localstack: z.object({
      environment: z.record(z.string(), z.string()),
      volumes: z.array(z.object({ source: z.string(), target: z.string() })),
    }),
    mock: z.object({
      command: z.array(z.string()),
      volumes: z.array(z.object({ source: z.string(), target: z.string() })),
      ports: z.array(z.object({ target: z.number(), published: z.string(), host_ip: z.string().optional() })),
    }),
  }),
});

/** What there is without Docker, where the tests are skipped. */
const NOTHING: z.infer<typeof Compose>["services"] = {
  localstack: { environment: {}, volumes: [] },
  mock: { command: [], volumes: [], ports: [] },
};

/** Docker's own reading of the README's YAML: parsed, checked against its schema, paths made absolute. */
function readCompose(): z.infer<typeof Compose> {
  const readme = readFileSync(join(PACKAGE, "README.md"), "utf8");
  const [, yaml = ""] = /```yaml\n(.*?)```/s.exec(readme) ?? [];
  const directory = mkdtempSync(join(tmpdir(), "ra-mock-compose-"));
  try {
    writeFileSync(join(directory, "compose.yaml"), yaml);
    const text = execFileSync("docker", ["compose", "config", "--format", "json"], { cwd: directory });
    return Compose.parse(JSON.parse(text.toString()));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const composed = hasCompose() ? readCompose().services : undefined;

describe.skipIf(composed === undefined)("the README's compose file", () => {
  const { localstack, mock } = composed ?? NOTHING;

  it("starts the mock with a command line that it takes, pointed at LocalStack", () => {
    const [node, bundle, ...flags] = mock.command;
    expect([node, bundle]).toEqual(["node", mock.volumes[0]?.target]);
    expect(readArguments(flags, {})).toMatchObject({
      kind: "start",
      options: { host: "0.0.0.0", stsEndpoint: "http://localstack:4566" },
    });
    expect(mock.ports).toMatchObject([{ target: 9912, published: "9912", host_ip: "127.0.0.1" }]);
  });

  it("points LocalStack's hook at the mock", () => {
    expect(localstack.environment).toEqual({ AWS_ENDPOINT_URL_ROLESANYWHERE: "http://mock:9912" });
  });

  it.each([...localstack.volumes, ...mock.volumes])("mounts $source, which the package has", ({ source }) => {
    const [, path = ""] = source.split("node_modules/@roles-anywhere/mock/");
    const files: unknown = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")).files;
    expect(files).toContain(path.split("/")[0]);
    expect(existsSync(join(PACKAGE, path))).toBe(true);
  });
});

function hasCompose(): boolean {
  try {
    execFileSync("docker", ["compose", "version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
