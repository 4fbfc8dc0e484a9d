import { describe, expect, it } from "vitest";
import { listeningUrl } from "./listening-url.ts";

describe("listeningUrl", () => {
  it.each([
    ["127.0.0.1", "IPv4", "http://127.0.0.1:3000"],
    ["0.0.0.0", "IPv4", "http://127.0.0.1:3000"],
    ["192.0.2.7", "IPv4", "http://192.0.2.7:3000"],
    ["::", "IPv6", "http://[::1]:3000"],
    ["2001:db8::7", "IPv6", "http://[2001:db8::7]:3000"],
  ])("%s (%s) → %s", (address, family, url) => {
    expect(listeningUrl({ address, family, port: 3000 })).toBe(url);
  });
});
