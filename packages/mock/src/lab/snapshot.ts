import { z } from "zod";
import { MockError } from "../errors/mock-error.ts";
import { forgetSubjectIndex } from "../session/subjects.ts";
import { CrlRecord, ProfileRecord, SubjectRecord, TrustAnchorRecord } from "../state/records.ts";
import type { State } from "../state/state.ts";

const snapshot = z.strictObject({
  version: z.literal(1),
  accountId: z.string(),
  region: z.string(),
  trustAnchors: z.array(TrustAnchorRecord),
  profiles: z.array(ProfileRecord),
  crls: z.array(CrlRecord),
  subjects: z.array(SubjectRecord),
});

/** The whole state as JSON: dates in ISO 8601, CRLs in base64. */
export function exportSnapshot({ accountId, region, ...state }: State): Record<string, unknown> {
  const toBase64 = (record: CrlRecord): object =>
    Object.assign({}, record, { crlData: Buffer.from(record.crlData).toString("base64") });
  return {
    version: 1,
    accountId,
    region,
    trustAnchors: [...state.trustAnchors.values()],
    profiles: [...state.profiles.values()],
    crls: [...state.crls.values()].map(toBase64),
    subjects: [...state.subjects.values()],
  };
}

/**
 * Replaces the state by a snapshot. A snapshot that is refused changes nothing.
 *
 * @param json the parsed result of {@link exportSnapshot}
 */
export function importSnapshot(state: State, json: unknown): void {
  // Names are cut before they are quoted: one of them may be as long as the snapshot.
  const parsed = snapshot.safeParse(json, {
    error: (issue) =>
      issue.code === "unrecognized_keys" ? `unknown member ${cut(issue.keys[0] ?? "")}` : undefined,
  });
  if (!parsed.success) {
    const issues = parsed.error.issues.slice(0, 5).map(({ path, message }) => `${toText(path)}: ${message}`);
    throw new MockError("ERR_MOCK_INVALID_SNAPSHOT", `not a snapshot: ${issues.join("; ")}`);
  }
  const { accountId, region, trustAnchors, profiles, crls, subjects } = parsed.data;
  if (accountId !== state.accountId || region !== state.region) {
    const message = `the snapshot is of account ${cut(accountId)} in ${cut(region)}, the mock emulates ${state.accountId} in ${state.region}; start it with --account and --region`;
    throw new MockError("ERR_MOCK_INVALID_SNAPSHOT", message);
  }
  clearState(state);
  for (const record of trustAnchors) state.trustAnchors.set(record.trustAnchorId, record);
  for (const record of profiles) state.profiles.set(record.profileId, record);
  for (const record of crls) state.crls.set(record.crlId, record);
  for (const record of subjects) state.subjects.set(record.subjectId, record);
}

/** Deletes every resource. */
export function clearState(state: State): void {
  state.trustAnchors.clear();
  state.profiles.clear();
  state.crls.clear();
  state.subjects.clear();
  forgetSubjectIndex(state);
}

function toText(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "the whole" : path.map((step) => cut(String(step))).join(".");
}

function cut(text: string): string {
  return JSON.stringify(text.slice(0, 100)).slice(1, -1);
}
