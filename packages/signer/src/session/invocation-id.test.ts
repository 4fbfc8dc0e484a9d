import { describe, expect, it } from "vitest";

import { invocationId } from "./invocation-id.ts";

describe("invocationId", () => {
  const ids = Array.from({ length: 1000 }, () => invocationId());

  it("is a version 4 UUID", () => {
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  it("is another one each time, in every digit that is free", () => {
    expect(new Set(ids).size).toBe(ids.length);
    const digitsAt = Array.from({ length: 36 }, (_, place) => new Set(ids.map((id) => id[place])).size);
    expect(digitsAt.join(" ")).toBe(
      "16 16 16 16 16 16 16 16 1 16 16 16 16 1 1 16 16 16 1 4 16 16 16 1 16 16 16 16 16 16 16 16 16 16 16 16",
    );
  });
});
