import { delimiter } from "node:path";

/**
 * Variables that no runner has: credentials and endpoints of AWS, what npm and git give to the commands that they
 * start, the settings of this repository, and those of another run of a workflow. What says how this machine reaches
 * registries and Docker is kept, and so are the names of images.
 */
const UNWANTED =
  /^(AWS_|CDK_|RA_(?!PYTHON$|CHROMIUM$)|GITHUB_|RUNNER_|ACTIONS_|ACT$|CI$|npm_(?!config_(registry|cafile|proxy|https_proxy|noproxy)$)|INIT_CWD$|NODE_OPTIONS$|NODE_PATH$|NODE_ENV$|TURBO_|VITEST|TEST$|TINYPOOL|GIT_(?!SSL)|XDG_CACHE_HOME$)/i;

/** Folders that npm puts before the caller's own. */
const OF_NPM = /[\\/]node_modules[\\/](\.bin|npm[\\/].*node-gyp-bin)[\\/]?$/;

/**
 * The variables for the jobs. act gives those that it runs with to every step.
 *
 * @param own variables for this run, which win
 */
export function jobEnvironment(
  caller: Readonly<Record<string, string | undefined>>,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(caller)) {
    if (value !== undefined && !UNWANTED.test(name)) kept[name] = value;
  }
  const path = (kept["PATH"] ?? "").split(delimiter).filter((folder) => !OF_NPM.test(folder));
  return { ...kept, PATH: path.join(delimiter), ...own };
}
