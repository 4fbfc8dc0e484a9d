import type { Clock } from "../../state/state.ts";

/** Enables or disables a resource; asking for what already holds succeeds and changes nothing. */
export function setEnabled(
  record: { enabled: boolean; updatedAt: Date },
  enabled: boolean,
  clock: Clock,
): void {
  if (record.enabled === enabled) return;
  record.enabled = enabled;
  record.updatedAt = clock.now();
}
