// What this repository needs of a machine. Nothing is imported that npm installs, because this runs before `npm ci`; and
// nothing that an old Node.js lacks, because it says which one is needed.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { differingPackage, INSTALLED } from "./installation.mjs";

/**
 * @typedef {object} Finding
 * @property {"ok" | "warn" | "fail"} status
 * @property {string} check
 * @property {string} message
 * @property {string} [remedy] a command, or what to install
 */

/** A command that may lack: its output, or undefined. */
function output(environment, command, ...words) {
  const { status, stdout, stderr } = spawnSync(command, words, {
    encoding: "utf8",
    env: environment,
    timeout: 20_000,
  });
  return status === 0 ? `${stdout}${stderr}`.trim() : undefined;
}

function finding(status, check, message, remedy) {
  return remedy === undefined ? { status, check, message } : { status, check, message, remedy };
}

/**
 * @param {string} version such as 24.1.0
 * @param {string} nvmrc what .nvmrc says
 */
export function checkNode(version, nvmrc) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isGood = major >= 24 || (major === 22 && minor >= 22);
  return isGood
    ? finding("ok", "Node.js", version)
    : finding(
        "fail",
        "Node.js",
        `${version} is too old; 22.22 or later of 22, or 24 or later`,
        `nvm install ${nvmrc}, or install Node.js ${nvmrc} from https://nodejs.org/`,
      );
}

export function checkCommands(environment) {
  const rows = [
    ["npm", "fail", "install Node.js with npm from https://nodejs.org/"],
    ["git", "fail", "apt-get install git"],
    ["openssl", "fail", "apt-get install openssl (tests compare with it)", "version"],
    ["go", "warn", "apt-get install golang (npm run workflows installs act with it)", "version"],
  ];
  return rows.map(([command, status, remedy, word = "--version"]) => {
    const version = output(environment, command, word);
    return version === undefined
      ? finding(status, command, "is not there, or does not run", remedy)
      : finding("ok", command, version.split("\n")[0]);
  });
}

/** LocalStack runs in Docker or on Python 3.13: one of the two is enough, and docker compose needs Docker. */
export function checkBackends(environment) {
  const findings = [];
  const client = output(environment, "docker", "--version");
  const server =
    client === undefined
      ? undefined
      : output(environment, "docker", "info", "--format", "{{.ServerVersion}}");
  const compose =
    server === undefined ? undefined : output(environment, "docker", "compose", "version", "--short");
  const python = findPython(environment);
  const without = (other) => (other === undefined ? "fail" : "warn");
  if (client === undefined) {
    findings.push(
      finding(
        without(python),
        "docker",
        "is not there",
        "install Docker: https://docs.docker.com/get-docker/",
      ),
    );
  } else if (server === undefined) {
    findings.push(
      finding(
        without(python),
        "docker",
        "the daemon does not answer this user",
        "sudo systemctl start docker, and sudo usermod -aG docker $USER",
      ),
    );
  } else {
    findings.push(finding("ok", "docker", server));
    findings.push(
      compose === undefined
        ? finding(
            "warn",
            "docker compose",
            "is not there",
            "install the compose plugin: https://docs.docker.com/compose/install/",
          )
        : finding("ok", "docker compose", compose),
    );
  }
  findings.push(
    python === undefined
      ? finding(
          without(server),
          "Python",
          "there is no Python 3.13, nor a Python 3 or uv that could fetch it",
          "apt-get install python3 python3-venv, or install uv: https://docs.astral.sh/uv/",
        )
      : finding("ok", "Python", python),
  );
  return findings;
}

/** As packages/sandbox looks for it. */
function findPython(environment) {
  const pyenv = join(environment.PYENV_ROOT ?? join(environment.HOME ?? "/", ".pyenv"), "versions");
  const own = existsSync(pyenv) ? readdirSync(pyenv).filter((name) => name.startsWith("3.13.")) : [];
  const candidates = [
    "python3.13",
    "python3",
    "python",
    ...own.map((name) => join(pyenv, name, "bin", "python3.13")),
  ];
  for (const candidate of candidates) {
    const version = output(
      environment,
      candidate,
      "-c",
      "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])",
    );
    if (version === "3.13") return `3.13 (${candidate})`;
  }
  if (output(environment, "uv", "--version") !== undefined) return "uv fetches Python 3.13";
  if (output(environment, "python3", "-c", "import venv, ensurepip") !== undefined) {
    return "python3 installs uv, which fetches Python 3.13";
  }
  return undefined;
}

/** The ports of docker-compose.yml; all else takes free ones. */
export const COMPOSE_PORTS = [3000, 4566, 9912];

/** @param {readonly number[]} ports */
export async function checkPorts(ports) {
  const free = await listen(0);
  if (free !== undefined) {
    return [
      finding(
        "fail",
        "ports",
        `127.0.0.1 gives no port: ${free}`,
        "look at the loopback interface: ip address show lo",
      ),
    ];
  }
  const findings = [];
  for (const port of ports) {
    const reason = await listen(port);
    if (reason !== undefined) {
      findings.push(
        finding(
          "warn",
          "ports",
          `docker compose needs 127.0.0.1:${port}, and it is taken`,
          `ss -ltnp 'sport = :${port}' shows by whom`,
        ),
      );
    }
  }
  return findings.length > 0 ? findings : [finding("ok", "ports", ports.join(", "))];
}

/** Why nothing can listen on a port, or undefined. */
function listen(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", ({ message }) => resolve(message));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(undefined)));
  });
}

const GIB = 1024 ** 3;
/** Dependencies, LocalStack for Python, and the images with their layers. */
const NEEDED_GIB = 2;
const COMFORTABLE_GIB = 6;

/** @param {number} bytes that are free where the repository is */
export function checkDisk(bytes) {
  const free = `${(bytes / GIB).toFixed(1)} GiB free`;
  const remedy = "docker system prune, or make room otherwise";
  if (bytes < NEEDED_GIB * GIB) return finding("fail", "disk", `${free}; at least ${NEEDED_GIB}`, remedy);
  return bytes < COMFORTABLE_GIB * GIB
    ? finding("warn", "disk", `${free}; ${COMFORTABLE_GIB} with Docker images`, remedy)
    : finding("ok", "disk", free);
}

/** @param {string} root of the repository */
export function freeBytes(root) {
  // Node.js 18 and older ones know no statfs; they fail for their age.
  if (statfsSync === undefined) return Number.POSITIVE_INFINITY;
  const { bavail, bsize } = statfsSync(root);
  return bavail * bsize;
}

/** @param {string} root of the repository */
export function checkInstallation(root) {
  if (!existsSync(join(root, INSTALLED))) {
    return [finding("fail", "dependencies", "are not installed", "npm ci")];
  }
  const other = differingPackage(root);
  if (other !== undefined) {
    return [finding("fail", "dependencies", `are not those of package-lock.json: ${other}`, "npm ci")];
  }
  const isBuilt = existsSync(join(root, "packages", "e2e", "dist"));
  return [
    finding("ok", "dependencies", "as in package-lock.json"),
    isBuilt
      ? finding("ok", "build", "is there")
      : finding("warn", "build", "is not there yet", "npm run build"),
  ];
}
