import { describe, expect, it } from "vitest";
import { DEFAULT_PAGE_SIZE, paginate } from "./paginate.ts";

const ten = new Map(Array.from({ length: 10 }, (_, index) => [`id-${index}`, index]));

describe("paginate", () => {
  it("gives everything in order of creation, each once, over pages of any size", () => {
    for (let pageSize = 1; pageSize <= 11; pageSize++) {
      const seen: number[] = [];
      let nextToken: string | undefined;
      do {
        const page = paginate(ten, "things", { pageSize, nextToken });
        expect(page.items.length).toBeLessThanOrEqual(pageSize);
        seen.push(...page.items);
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      expect(seen).toEqual([...ten.values()]);
    }
  });

  it("has no token on a last page that is full", () => {
    expect(paginate(ten, "things", { pageSize: 10 })).not.toHaveProperty("nextToken");
  });

  it(`gives ${DEFAULT_PAGE_SIZE} when no size is asked for`, () => {
    const many = new Map(Array.from({ length: DEFAULT_PAGE_SIZE + 1 }, (_, index) => [`${index}`, index]));
    const page = paginate(many, "things", {});
    expect(page.items).toHaveLength(DEFAULT_PAGE_SIZE);
    expect(page.nextToken).toBeDefined();
  });

  it("neither repeats nor skips when the resource that the token names is deleted meanwhile", () => {
    const things = new Map(ten);
    const { nextToken } = paginate(things, "things", { pageSize: 4 });
    things.delete("id-3");
    expect(paginate(things, "things", { pageSize: 4, nextToken }).items).toEqual([4, 5, 6, 7]);
  });

  it("does not skip when an earlier resource is deleted meanwhile", () => {
    const things = new Map(ten);
    const { nextToken } = paginate(things, "things", { pageSize: 4 });
    things.delete("id-0");
    expect(paginate(things, "things", { pageSize: 4, nextToken }).items).toEqual([4, 5, 6, 7]);
  });

  it.each([
    ["of another collection", paginate(ten, "others", { pageSize: 1 }).nextToken],
    ["that is not base64 of JSON", "%%%"],
    ["that holds something else", Buffer.from("{}").toString("base64url")],
    ["that holds a list of other things", Buffer.from("[1,2,3]").toString("base64url")],
  ])("refuses a token %s", (_, nextToken) => {
    expect(() => paginate(ten, "things", { nextToken })).toThrow(
      expect.objectContaining({ type: "ValidationException", message: "Invalid nextToken" }),
    );
  });

  it.each([0, -1])("refuses a page size of %i", (pageSize) => {
    expect(() => paginate(ten, "things", { pageSize })).toThrow(
      expect.objectContaining({
        type: "ValidationException",
        message: `1 validation error detected: Value '${pageSize}' at 'pageSize' failed to satisfy constraint: Member must have value greater than or equal to 1`,
      }),
    );
  });
});
