import { describe, expect, it } from "vitest";
import { createSessionStore } from "./session-store.ts";
import type { GrantedSession } from "./session-store.ts";

const START = Date.UTC(2026, 0, 1);
const HOUR = 3600 * 1000;

function session(number: number, issued = START): GrantedSession {
  return {
    accessKeyId: `ASIA${number}`,
    secretAccessKey: "test-only",
    sessionToken: "test-only",
    roleArn: "arn:aws:iam::111122223333:role/R",
    roleId: "AROAEXAMPLE",
    roleSessionName: "s",
    assumedRoleArn: "arn:aws:sts::111122223333:assumed-role/R/s",
    sourceIdentity: "CN=s",
    tags: [],
    managedPolicyArns: [],
    issuedAt: new Date(issued),
    expiresAt: new Date(issued + HOUR),
    trustAnchorArn: "",
    profileArn: "",
    certificate: { subject: "CN=s", issuer: "CN=CA", serialNumber: "1" },
  };
}

describe("createSessionStore", () => {
  it("finds a session by its key, also after its end", () => {
    const store = createSessionStore();
    store.add(session(1), new Date(START));
    store.add(session(2, START + 2 * HOUR), new Date(START + 2 * HOUR));
    expect(store.find("ASIA1")).toEqual(session(1));
    expect(store.find("ASIA3")).toBeUndefined();
  });

  it("forgets what ended more than a day ago before it forgets what lives", () => {
    const store = createSessionStore(1000);
    const later = START + 48 * HOUR;
    for (let number = 0; number < 900; number += 1) store.add(session(number), new Date(START));
    for (let number = 900; number < 1800; number += 1) store.add(session(number, later), new Date(later));
    expect(store.find("ASIA899")).toBeUndefined();
    expect(store.find("ASIA900")).toBeDefined();
    expect(store.size).toBe(900);
  });

  it("never holds more than its capacity, and forgets the oldest", () => {
    const store = createSessionStore(100);
    for (let number = 0; number < 5000; number += 1) {
      store.add(session(number), new Date(START));
      expect(store.size).toBeLessThanOrEqual(100);
    }
    expect(store.find("ASIA4899")).toBeUndefined();
    expect(store.find("ASIA4900")).toBeDefined();
  });
});
