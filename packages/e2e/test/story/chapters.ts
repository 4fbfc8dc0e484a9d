import { describe } from "vitest";
import { testApp } from "./app.ts";
import { testInfrastructure } from "./infrastructure.ts";
import { testNarrowTrust } from "./narrow-trust.ts";
import { testPki } from "./pki.ts";
import { testRefusals } from "./refusals.ts";
import type { Story } from "./story.ts";

/** The chapters that are told in every place: in the sandbox, and in an account of AWS. */
export function testChapters(story: () => Story): void {
  describe("phase 1: PKI", () => {
    testPki(story);
  });
  describe("phase 2: infrastructure", () => {
    testInfrastructure(story);
  });
  describe("phase 3: signer and app", () => {
    testApp(story);
  });
  describe("a trust policy narrowed to one common name", () => {
    testNarrowTrust(story);
  });
  describe("refusals", () => {
    testRefusals(story);
  });
}
