import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { authorityPaths, clientPaths } from "./layout.ts";

describe("authorityPaths", () => {
  it("names the files that scripts rely on", () => {
    expect(authorityPaths("pki")).toEqual({
      certificatePath: join("pki", "rootCA.pem"),
      privateKeyPath: join("pki", "rootCA.key"),
      chainPath: join("pki", "rootCA.chain.pem"),
    });
  });
});

describe("clientPaths", () => {
  it.each(["nestjs-external-server", "a", "server 1", "host.example.com", "Zürich", "console", "rootCA-2"])(
    "names the files after %j",
    (name) => {
      expect(clientPaths("pki", name)).toEqual({
        certificatePath: join("pki", `${name}.pem`),
        privateKeyPath: join("pki", `${name}.key`),
        chainPath: join("pki", `${name}.chain.pem`),
      });
    },
  );

  it.each([
    { name: "", reason: "it is empty" },
    { name: "../evil", reason: "path separator" },
    { name: "/etc/passwd", reason: "path separator" },
    { name: "a/b", reason: "path separator" },
    { name: "a\\b", reason: "path separator" },
    { name: "..", reason: "begins with a dot" },
    { name: ".", reason: "begins with a dot" },
    { name: ".hidden", reason: "begins with a dot" },
    { name: "dot.", reason: "ends with a dot" },
    { name: " a", reason: "begins or ends with a space" },
    { name: "a ", reason: "begins or ends with a space" },
    { name: "a\0b", reason: "file systems refuse" },
    { name: "a\nb", reason: "file systems refuse" },
    { name: "c:d", reason: "file systems refuse" },
    { name: "*.example.com", reason: "file systems refuse" },
    { name: "\ud800", reason: "file systems refuse" },
    { name: "NUL", reason: "reserves it for a device" },
    { name: "com1", reason: "reserves it for a device" },
    { name: "rootCA", reason: "are the CA's" },
    { name: "ROOTca", reason: "are the CA's" },
    { name: "server.chain", reason: "chain of another certificate" },
    { name: "🔐".repeat(64), reason: "too long" },
  ])("refuses $name: $reason", ({ name, reason }) => {
    expect(() => clientPaths("pki", name)).toThrow(
      expect.objectContaining({
        code: "ERR_PKI_UNSAFE_FILE_NAME",
        message: expect.stringContaining(reason),
      }),
    );
  });
});
