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
  let records: AuditRecord[] = [];
  return {
    add(record) {
      records.push(record);
      if (records.length > capacity) records.shift();
    },
    list: (limit = capacity) => records.toReversed().slice(0, Math.max(0, limit)),
    clear() {
      records = [];
    },
  };
}
