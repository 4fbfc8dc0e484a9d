import type { AuditRecord } from "./audit-record.ts";

/** The last records of one kind, in memory. */
export interface AuditLog<Record = AuditRecord> {
  add(record: Record): void;
  /**
   * The newest records first.
   *
   * @param limit how many at most, all by default
   */
  list(limit?: number): Record[];
  clear(): void;
}

/** How many records are kept by default. */
export const AUDIT_CAPACITY = 500;

/**
 * Makes an audit that drops its oldest record when a new one has no room, so that its memory stays bounded.
 *
 * @param capacity how many records to keep, at least 1
 */
export function createAuditLog<Record = AuditRecord>(capacity = AUDIT_CAPACITY): AuditLog<Record> {
  let records: Record[] = [];
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
