import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_GUARD = fileURLToPath(new URL("guard.cjs", import.meta.url));
const PYTHON_GUARD = fileURLToPath(new URL("python", import.meta.url));

/**
 * The variables that put programs of Node.js and Python under guard: they cannot connect to a host of AWS.
 *
 * @param log the file to which the hosts are appended
 * @param environment to which the variables are to be added
 */
export function guardVariables(
  log: string,
  environment: Readonly<Record<string, string | undefined>>,
): Record<"NO_AWS_LOG" | "NODE_OPTIONS" | "PYTHONPATH", string> {
  const { NODE_OPTIONS, PYTHONPATH } = environment;
  const option = `--require "${NODE_GUARD}"`;
  return {
    NO_AWS_LOG: log,
    NODE_OPTIONS: NODE_OPTIONS?.includes(option)
      ? NODE_OPTIONS
      : [NODE_OPTIONS, option].filter(Boolean).join(" "),
    PYTHONPATH: PYTHONPATH?.includes(PYTHON_GUARD)
      ? PYTHONPATH
      : [PYTHON_GUARD, PYTHONPATH].filter(Boolean).join(delimiter),
  };
}
