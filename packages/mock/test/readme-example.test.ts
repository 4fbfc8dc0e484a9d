import { startMock } from "../src/index.ts";
import { expect, it } from "vitest";

it("says why a call was refused", async () => {
  await using mock = await startMock({ stsEndpoint: "http://127.0.0.1:4566" });

  // The client under test gets mock.url as --endpoint or AWS_ENDPOINT_URL_ROLESANYWHERE; this one forgot to sign.
  const answer = await fetch(`${mock.url}/sessions`, { method: "POST" });

  expect(answer.status).toBe(403);
  expect(mock.context.audit.list(1)).toMatchObject([{ _mock: { reason: "AUTHORIZATION_MISSING" } }]);
});
