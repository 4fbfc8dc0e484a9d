import type { FlagSpecs } from "./parse-flags.ts";

/** Help of a command: what it does, an example, its flags with units and defaults. */
export function helpText(purpose: string, example: string, specs: FlagSpecs): string {
  const rows = Object.entries(specs).map(([name, spec]) => ({
    left: `--${name}${spec.value === undefined ? "" : ` ${spec.value}`}`,
    right: `${spec.help}${spec.default === undefined ? "" : ` (default: ${spec.default})`}`,
  }));
  const width = Math.max(...rows.map(({ left }) => left.length));
  const flags = rows.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`).join("\n");
  return `${purpose}\n\n${example}\n\nFlags:\n${flags}\n`;
}
