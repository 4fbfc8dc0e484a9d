import { writeFileSync } from "node:fs";

import { beforeEach, describe, expect, it, vi } from "vitest";

import { makeIdentity } from "../../test/support/identities.ts";
import { temporaryFolder } from "@roles-anywhere/testing";
import { exportPkcs12 } from "../../test/support/pkcs12.ts";
import { askPassword } from "../keys/ask-password.ts";
import { identityLoader } from "./resolve-flags.ts";

vi.mock("../keys/ask-password.ts", () => ({ askPassword: vi.fn<typeof askPassword>() }));

const identity = makeIdentity("P-256");
const certificate = exportPkcs12(identity, "right");

beforeEach(() => {
  vi.mocked(askPassword).mockReset();
});

describe("identityLoader", () => {
  it("asks once for all callers at the same time, and never again", async () => {
    vi.mocked(askPassword).mockResolvedValue("right");
    const load = identityLoader({ certificate });
    const [first, second] = await Promise.all([load(), load()]);
    const third = await load();
    const serialNumbers = [first, second, third].map((loaded) => loaded.certificate.serialNumber);
    expect(new Set(serialNumbers).size).toBe(1);
    expect(vi.mocked(askPassword).mock.calls).toEqual([["the private key"]]);
  });

  it("asks again after a wrong password or none", async () => {
    vi.mocked(askPassword)
      .mockResolvedValueOnce("wrong")
      .mockResolvedValueOnce(undefined)
      .mockResolvedValueOnce("right");
    const load = identityLoader({ certificate });
    await expect(load()).rejects.toMatchObject({ code: "ERR_SIGNER_PASSWORD_WRONG" });
    await expect(load()).rejects.toMatchObject({ code: "ERR_SIGNER_PASSWORD_MISSING" });
    await expect(load()).resolves.toMatchObject({ intermediates: [] });
  });

  it("names the file that it asks for", async () => {
    using folder = temporaryFolder();
    const path = folder.join("client.p12");
    writeFileSync(path, certificate);
    vi.mocked(askPassword).mockResolvedValue("right");
    await identityLoader({ certificate: path })();
    expect(vi.mocked(askPassword).mock.calls).toEqual([[`"${path}"`]]);
  });

  it("does not ask when a password was given, even a wrong one", async () => {
    const load = identityLoader({ certificate, passphrase: "wrong" });
    await expect(load()).rejects.toMatchObject({ code: "ERR_SIGNER_PASSWORD_WRONG" });
    expect(askPassword).not.toHaveBeenCalled();
  });
});
