import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { clientSettings, servedRoles } from "./served-role.ts";

const PAGE = readFileSync(new URL("../../../../docs/signer/serve.md", import.meta.url), "utf8");

const ROLES = servedRoles(
  "arn:aws:iam::123456789012:role/Reader",
  "arn:aws:rolesanywhere:us-east-1:123456789012:profile/1",
  ["arn:aws:iam::123456789012:role/Writer"],
);

describe("clientSettings", () => {
  it.each([
    ["the metadata service", clientSettings(9911, [ROLES[0]])],
    ["several roles", clientSettings(9911, ROLES, "/run/ra/token")],
  ])("gives for %s what the docs show", (_title, lines) => {
    expect(PAGE).toContain(`Make it available to the sdk by running:\n${lines.join("\n")}\n\`\`\`\n`);
  });

  it("gives for one role the path without its name", () => {
    expect(clientSettings(80, [ROLES[0]], "/t")).toEqual([
      "export AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:80",
      "or, as container credentials:",
      "export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE='/t'",
      "export AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:80/container/credentials",
    ]);
  });

  it("quotes the file for a shell", () => {
    expect(clientSettings(80, [ROLES[0]], "/it's $1")[2]).toBe(
      String.raw`export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE='/it'\''s $1'`,
    );
  });
});
