/** One object of the bucket, as `GET /api/files` answers it. */
export interface StoredFile {
  /** The object's key. */
  readonly fileName: string;
  /** Size in bytes. */
  readonly size: number;
  /** ISO 8601, UTC. */
  readonly lastModified: string;
  /** Presigned GET: opens the object without credentials until it expires. */
  readonly viewUrl: string;
}
