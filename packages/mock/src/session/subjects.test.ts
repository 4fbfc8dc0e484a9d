import { makeCertificate } from "@roles-anywhere/testing";
import { expect, it } from "vitest";
import { createState } from "../state/state.ts";
import { parseCertificate } from "../trust/certificate.ts";
import { recordSubject } from "./subjects.ts";

it("recordSubject writes into the record that the account has now", () => {
  const state = createState("123456789012", "us-east-1");
  const certificate = parseCertificate(makeCertificate().der);
  const see = (second: number) =>
    recordSubject(state, certificate, new Date(second * 1000), undefined, () => "id-1");
  const first = see(1);
  const replacement = { ...first, enabled: false };
  state.subjects.set(first.subjectId, replacement);

  expect(see(2)).toBe(replacement);
  expect(replacement.lastSeenAt).toEqual(new Date(2000));
  expect(first.lastSeenAt).toEqual(new Date(1000));
});
