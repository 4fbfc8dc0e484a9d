import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { chooseJobs, NEEDED_HOSTS, STAND_INS } from "../tools/workflows/choose-jobs.ts";
import { ACT_VERSION } from "../tools/workflows/find-act.ts";
import { jobEnvironment } from "../tools/workflows/job-environment.ts";
import { readWorkflows } from "../tools/workflows/read-workflows.ts";
import type { Job, Workflow } from "../tools/workflows/read-workflows.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ONLINE = { answers: () => Promise.resolve(true) };
const OFFLINE = { answers: () => Promise.resolve(false) };

const JOB: Job = {
  id: "job",
  needs: [],
  runsOn: "ubuntu-24.04",
  hasMatrix: false,
  calls: undefined,
  actions: ["actions/checkout@abc"],
};

function workflow(...jobs: readonly Partial<Job>[]): Workflow {
  return {
    name: "ci",
    file: "ci.yml",
    events: ["push"],
    jobs: jobs.map((job) => Object.assign({}, JOB, job)),
  };
}

function idsOf(workflows: readonly Workflow[]): string[] {
  return workflows.flatMap(({ name, jobs }) => jobs.map(({ id }) => `${name}/${id}`));
}

describe("the workflows of this repository", () => {
  const workflows = readWorkflows(ROOT);
  const pushed = workflows.filter(({ events }) => events.includes("push"));

  it("can all run on this machine, as far as a push starts them", async () => {
    const { workflows: chosen, leftOut } = await chooseJobs(pushed, [], ONLINE);
    expect(leftOut).toEqual([]);
    expect(idsOf(chosen)).toEqual(expect.arrayContaining(["ci/lint", "ci/unit", "ci/e2e", "ci/required"]));
  });

  it("without a network leave out the jobs that need a host of it, and say why", async () => {
    const { leftOut } = await chooseJobs(pushed, [], OFFLINE);
    expect(leftOut.map(({ job }) => job)).toEqual([...NEEDED_HOSTS.keys()]);
    expect(leftOut[0]?.reason).toMatch(/^https:\S+ does not answer, and the job downloads AWS's own/);
  });

  it("install the act that is used here", () => {
    const text = readFileSync(join(ROOT, ".github/workflows/ci.yml"), "utf8");
    expect(text).toContain(`go install github.com/nektos/act@v${ACT_VERSION}\n`);
  });

  it.each([...STAND_INS])("has a stand-in for %s", (_action, folder) => {
    expect(existsSync(join(folder, "action.yml"))).toBe(true);
  });
});

describe("the jobs that are chosen", () => {
  const example = workflow({ id: "lint" }, { id: "unit" }, { id: "all", needs: ["lint", "unit"] });

  it.each([
    { names: [], chosen: ["ci/lint", "ci/unit", "ci/all"] },
    { names: ["lint"], chosen: ["ci/lint"] },
    { names: ["ci/unit", "lint"], chosen: ["ci/lint", "ci/unit"] },
    { names: ["all"], chosen: ["ci/lint", "ci/unit", "ci/all"] },
  ])("are $chosen for $names", async ({ names, chosen }) => {
    expect(idsOf((await chooseJobs([example], names, ONLINE)).workflows)).toEqual(chosen);
  });

  it.each([
    ["tests", 'there is no job "tests"; there are ci/lint, ci/unit, ci/all, other/lint'],
    ["lint", 'several workflows have a job "lint"; name one of ci/lint, other/lint'],
  ])("cannot be found as %s", async (name, message) => {
    const other = { ...workflow({ id: "lint" }), name: "other" };
    await expect(chooseJobs([example, other], [name], ONLINE)).rejects.toThrow(message);
  });

  it.each<[string, Partial<Job>, string]>([
    ["an action", { actions: ["acme/deploy@v1"] }, "uses acme/deploy@v1, which has no stand-in"],
    ["macOS", { runsOn: "macos-15" }, "runs on macos-15"],
    ["a workflow", { calls: "./.github/workflows/other.yml" }, "calls the workflow ./.github"],
    ["a job that is not there", { needs: ["lint"] }, "needs the job lint"],
    ["a host", { id: "interop" }, "https://rolesanywhere.amazonaws.com/ does not answer"],
  ])("do not include one that needs %s", async (_title, change, reason) => {
    const { workflows, leftOut } = await chooseJobs([workflow(change)], [], OFFLINE);
    expect(workflows).toEqual([]);
    expect(leftOut).toEqual([
      { job: `ci/${change.id ?? "job"}`, reason: expect.stringContaining(reason) as string },
    ]);
  });

  it("include those of a workflow that a person starts only by name", async () => {
    const manual = { ...workflow({ id: "publish" }), events: ["workflow_dispatch"] };
    const unnamed = await chooseJobs([manual], [], ONLINE);
    expect(unnamed).toEqual({
      workflows: [],
      leftOut: [{ job: "ci", reason: "runs on workflow_dispatch; name a job to run it" }],
    });
    expect(idsOf((await chooseJobs([manual], ["publish"], ONLINE)).workflows)).toEqual(["ci/publish"]);
  });
});

describe("the environment of the jobs", () => {
  it.each([
    "AWS_SECRET_ACCESS_KEY",
    "AWS_PROFILE",
    "RA_BACKEND",
    "GITHUB_TOKEN",
    "npm_lifecycle_event",
    "INIT_CWD",
    "NODE_OPTIONS",
    "TURBO_TOKEN",
    "GIT_DIR",
    "VITEST",
  ])("lacks %s of the caller", (name) => {
    expect(jobEnvironment({ [name]: "x" }, {})).toEqual({ PATH: "" });
  });

  it.each(["HOME", "LOCALSTACK_IMAGE", "NODE_IMAGE", "DOCKER_HOST", "NODE_EXTRA_CA_CERTS", "RA_PYTHON"])(
    "keeps %s",
    (name) => {
      expect(jobEnvironment({ [name]: "x" }, {})).toEqual({ PATH: "", [name]: "x" });
    },
  );

  it("finds no command in the checkout's node_modules", () => {
    const path = ["/home/me/kit/node_modules/.bin", "/usr/bin"].join(delimiter);
    expect(jobEnvironment({ PATH: path }, { RA_X: "y" })).toEqual({ PATH: "/usr/bin", RA_X: "y" });
  });
});

describe("dependabot.yml", () => {
  const MANIFESTS: Readonly<Record<string, readonly string[]>> = {
    npm: ["package.json"],
    "github-actions": [".github/workflows", "action.yml"],
    docker: ["Dockerfile", "docker-compose.yml"],
    "docker-compose": ["docker-compose.yml"],
    pip: ["requirements.txt", "pyproject.toml"],
    devcontainers: [".devcontainer/devcontainer.json"],
  };
  const update = z.object({
    "package-ecosystem": z.string(),
    directory: z.string().optional(),
    directories: z.array(z.string()).optional(),
  });
  const { updates } = z
    .object({ updates: z.array(update) })
    .parse(parse(readFileSync(join(ROOT, ".github/dependabot.yml"), "utf8")));
  const rows = updates.flatMap(({ "package-ecosystem": ecosystem, directory, directories = [] }) =>
    [...(directory === undefined ? [] : [directory]), ...directories].map((folder) => ({
      ecosystem,
      folder,
    })),
  );

  it.each(rows)("finds a manifest of $ecosystem in $folder", ({ ecosystem, folder }) => {
    const manifests = MANIFESTS[ecosystem] ?? [];
    expect(manifests.filter((name) => existsSync(join(ROOT, folder, name)))).not.toEqual([]);
  });

  it("names every action of this repository, and every Dockerfile", () => {
    expect(rows.map(({ ecosystem, folder }) => `${ecosystem} ${folder}`)).toEqual(
      expect.arrayContaining(["github-actions /", "github-actions /.github/actions/setup", "docker /"]),
    );
  });
});
