import type { FlagSpec } from "./parse-flags.ts";

/** A flag with a text for value. */
export function text(value: string, help: string, byDefault?: string): FlagSpec & { readonly type: "text" } {
  return byDefault === undefined
    ? { type: "text", value, help }
    : { type: "text", value, help, default: byDefault };
}

/** A flag that is given or not. */
export function toggle(help: string): FlagSpec & { readonly type: "switch" } {
  return { type: "switch", help, default: "false" };
}
