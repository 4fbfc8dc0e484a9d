import { objectOf, textOf } from "../permission.ts";
import type { CopySource, JsonValue } from "../service-request.ts";

/**
 * Reads `CopySource`: `[/]bucket/key[?versionId=…]`, percent-encoded, or the ARN of an object behind an access point.
 * boto3 also takes `{ Bucket, Key, VersionId }`.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export function readCopySource(value: JsonValue | undefined): CopySource {
  if (typeof value !== "string") {
    const { Bucket, Key, VersionId } = objectOf(value);
    return { bucket: textOf(Bucket) ?? "", key: textOf(Key) ?? "", versionId: textOf(VersionId) };
  }
  const mark = value.indexOf("?versionId=");
  const versionId = mark < 0 ? undefined : value.slice(mark + "?versionId=".length);
  const path = decode(mark < 0 ? value : value.slice(0, mark)).replace(/^\//u, "");
  const behind = /^(?<bucket>arn:[^/]+\/[^/]+)\/object\/(?<key>.*)$/su.exec(path)?.groups;
  if (behind !== undefined) return { bucket: behind["bucket"] ?? "", key: behind["key"] ?? "", versionId };
  const slash = path.indexOf("/");
  return slash < 0
    ? { bucket: path, key: "", versionId }
    : { bucket: path.slice(0, slash), key: path.slice(slash + 1), versionId };
}

/** An escape that is none stays as it is, as S3 takes unencoded names too. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
