import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findPython, runPythonChecks } from "@roles-anywhere/testing";
import type { PythonCheck } from "@roles-anywhere/testing";
import { serveControlPlane } from "../support/serve-control-plane.ts";

const SCRIPT = fileURLToPath(new URL("drive_control_plane.py", import.meta.url));
const KEY = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const SUBJECT_ID = "6a0bbcbb-7d02-4c2f-9a1c-3f0f5a6f3d11";

/** The script runs once, against a fresh account that verifies signatures and has one subject; its checks become tests. */
async function driveWithBoto3(python: string): Promise<PythonCheck[]> {
  await using plane = await serveControlPlane("000000000000", "us-east-1", [KEY]);
  const seenAt = new Date("2026-01-01T00:00:00Z");
  plane.state.subjects.set(SUBJECT_ID, {
    subjectId: SUBJECT_ID,
    subjectArn: `arn:aws:rolesanywhere:us-east-1:000000000000:subject/${SUBJECT_ID}`,
    x509Subject: "CN=client",
    enabled: true,
    createdAt: seenAt,
    updatedAt: seenAt,
    lastSeenAt: seenAt,
    credentials: [
      {
        serialNumber: "01",
        issuer: "CN=root",
        x509CertificateData: "-----BEGIN CERTIFICATE-----",
        seenAt,
        enabled: true,
        failed: false,
      },
    ],
    instanceProperties: [],
  });
  // Awaited here: the control plane has to outlive the script.
  return await runPythonChecks(python, SCRIPT, [plane.url, SUBJECT_ID, KEY.secretAccessKey]);
}

const found = findPython(["botocore", "cryptography"]);
const checks = "python" in found ? await driveWithBoto3(found.python) : [];

describe("the control plane, driven by boto3", () => {
  it("has a Python to run on", ({ skip }) => {
    skip("missing" in found, "missing" in found ? found.missing : "");
    expect(checks).not.toHaveLength(0);
  });

  it.each(checks)("%s", (_, error) => {
    expect(error).toBeNull();
  });
});
