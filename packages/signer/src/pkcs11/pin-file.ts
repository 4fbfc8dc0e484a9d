import { fileURLToPath } from "node:url";

/** The path of the file that a `pin-source` names: a path, `file:PATH` or a file URL; undefined for anything else. */
export function pinFile(source: string | undefined): string | undefined {
  if (source === undefined || source.startsWith("env:") || source.startsWith("|")) return undefined;
  if (source.startsWith("file://")) return fileURLToPath(source);
  return source.startsWith("file:") ? source.slice("file:".length) : source;
}
