import { expect, it } from "vitest";
import { jsonLine } from "./printable.ts";

it("writes JSON that a terminal shows and does not act upon", () => {
  const data = { name: "\u001B[2J\u007F\u009B1m \u202Eevil\u2028\u2029\u00AD\u{E0041} größe 😀\n" };
  const line = jsonLine(data);

  expect(line).toBe(
    String.raw`{"name":"\u001b[2J\u007f\u009b1m \u202eevil\u2028\u2029\u00ad\udb40\udc41 größe 😀\n"}` + "\n",
  );
  expect(JSON.parse(line)).toEqual(data);
});
