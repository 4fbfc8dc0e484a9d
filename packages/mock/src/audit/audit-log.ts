import type { AuditRecord } from "./audit-record.ts";

/** The records of the last CreateSession calls, in memory. */
export interface AuditLog {
  add(record: AuditRecord): void;
  /**
   * The newest records first.
   *
   * @param limit how many at most, all by default
   */
  list(limit?: number): AuditRecord[];
  clear(): void;
}

/** How many records are kept by default. */
export const AUDIT_CAPACITY = 500;

/**
 * Makes an audit that drops its oldest record when a new one has no room, so that its memory stays bounded.
 *
 * @param capacity how many records to keep, at least 1
 */
export function createAuditLog(capacity = AUDIT_CAPACITY): AuditLog {
  const ring: (AuditRecord | undefined)[] = [];
  let next = 0;
  return {
    add(record) {
      ring[next] = record;
      next = (next + 1) % capacity;
    },
    list(limit = capacity) {
      const ordered = [...ring.slice(next), ...ring.slice(0, next)].filter((record) => record !== undefined);
      return ordered.toReversed().slice(0, Math.max(0, limit));
    },
    clear() {
      ring.length = 0;
      next = 0;
    },
  };
}
