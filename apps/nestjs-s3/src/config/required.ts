import { z } from "zod";

/** A variable that has to be there: `missing` is said when it is absent, `wrong` (after the value) when it does not fit. */
export const required = (missing: string, pattern: RegExp, wrong: string) =>
  z.string({ error: `is missing: ${missing}` }).regex(pattern, {
    error: (issue) => `${JSON.stringify(issue.input)} ${wrong}`,
  });
