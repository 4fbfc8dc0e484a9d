import { describe, expect, it, vi } from "vitest";
import { CredentialsUnavailableError, memoizeSession, shareCredentials } from "./credentials.ts";
import type { Credentials, MemoizeSessionOptions } from "./credentials.ts";

/** The credential source of a server with a profile, but for `fromIni`. */
const share = (provider: () => Promise<Credentials>, options?: MemoizeSessionOptions) =>
  shareCredentials(memoizeSession(provider, options));

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);

/** Each call makes credentials that live for the given time and are told apart by their number. */
function setUp(lifeMs = 60 * MINUTE) {
  let time = START;
  const now = () => time;
  let number = 0;
  const provider = vi.fn<() => Promise<Credentials>>(async () => {
    number += 1;
    return {
      accessKeyId: `key-${number}`,
      secretAccessKey: "secret",
      expiration: new Date(time + lifeMs),
    };
  });
  const onRenewalFailure = vi.fn<(cause: unknown) => void>();
  const shared = share(provider, { now, onRenewalFailure });
  const keyAfter = async (minutes: number) => {
    time = START + minutes * MINUTE;
    return (await shared()).accessKeyId;
  };
  return { shared, provider, onRenewalFailure, keyAfter };
}

describe("the credentials of a profile", () => {
  it("asks once for any number of callers at the same time", async () => {
    const { shared, provider } = setUp();
    const answers = await Promise.all(Array.from({ length: 50 }, () => shared()));
    expect(new Set(answers.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(["key-1"]));
    expect(provider).toHaveBeenCalledTimes(1);
  });

  it("keeps a one-hour session until five minutes remain", async () => {
    const { keyAfter } = setUp();
    expect(await keyAfter(0)).toBe("key-1");
    expect(await keyAfter(54.9)).toBe("key-1");
    expect(await keyAfter(55)).toBe("key-2");
  });

  it("keeps a session shorter than ten minutes for half its life, not for none of it", async () => {
    const { keyAfter } = setUp(4 * MINUTE);
    expect(await keyAfter(0)).toBe("key-1");
    expect(await keyAfter(1.9)).toBe("key-1");
    expect(await keyAfter(2)).toBe("key-2");
  });

  it("keeps credentials that do not expire", async () => {
    const provider = vi.fn<() => Promise<Credentials>>(async () => ({
      accessKeyId: "key",
      secretAccessKey: "secret",
    }));
    const shared = share(provider);
    await shared();
    await shared();
    expect(provider).toHaveBeenCalledTimes(1);
  });

  it("goes on with the current session when a renewal fails, and says why", async () => {
    const { provider, onRenewalFailure, keyAfter } = setUp();
    await keyAfter(0);
    provider.mockRejectedValueOnce(new Error("service down"));
    expect(await keyAfter(58)).toBe("key-1");
    expect(onRenewalFailure).toHaveBeenCalledExactlyOnceWith(new Error("service down"));
    expect(await keyAfter(59)).toBe("key-2");
  });

  it("never hands out a dead session", async () => {
    const { provider, keyAfter } = setUp();
    await keyAfter(0);
    const cause = new Error("service down");
    provider.mockRejectedValueOnce(cause);
    await expect(keyAfter(60)).rejects.toMatchObject({
      code: "ERR_CREDENTIALS_UNAVAILABLE",
      message: "service down",
      cause,
    });
  });

  it("tries again after a failure", async () => {
    const { shared, provider } = setUp();
    provider.mockRejectedValueOnce(new Error("not yet"));
    await expect(shared()).rejects.toBeInstanceOf(CredentialsUnavailableError);
    await expect(shared()).resolves.toMatchObject({ accessKeyId: "key-1" });
  });

  it("fetches new ones after forget", async () => {
    const { shared, keyAfter } = setUp();
    expect(await keyAfter(0)).toBe("key-1");
    shared.forget();
    expect(await keyAfter(0)).toBe("key-2");
  });

  it("never gives out rejected ones again, though a renewal fails", async () => {
    const { shared, provider, keyAfter } = setUp();
    expect(await keyAfter(0)).toBe("key-1");
    shared.forget();
    provider.mockRejectedValueOnce(new Error("service down"));
    await expect(shared()).rejects.toBeInstanceOf(CredentialsUnavailableError);
    expect(await keyAfter(0)).toBe("key-2");
    expect(await keyAfter(1)).toBe("key-2");
  });

  it("does not wait for ever", async () => {
    const shared = share(() => new Promise<never>(() => {}), { timeoutMs: 20 });
    await expect(shared()).rejects.toThrow("the credential process gave no answer within 0.02 s");
  });
});
