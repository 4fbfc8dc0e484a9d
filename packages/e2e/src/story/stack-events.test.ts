import { createServer } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { sandboxCloud } from "../aws/cloud.ts";
import { toLine, watchStackEvents } from "./stack-events.ts";
import type { StackEvent } from "./stack-events.ts";

/** An event in the XML of CloudFormation. */
const xmlOf = (number: number, status: string, reason = ""): string =>
  `<member><EventId>${number}</EventId><StackName>Stack</StackName><LogicalResourceId>R${number}</LogicalResourceId>` +
  `<ResourceType>AWS::S3::Bucket</ResourceType><ResourceStatus>${status}</ResourceStatus>` +
  `<ResourceStatusReason>${reason}</ResourceStatusReason><Timestamp>2026-01-02T03:04:0${number}Z</Timestamp></member>`;
const answerWith = (...events: string[]): string =>
  "<DescribeStackEventsResponse><DescribeStackEventsResult><StackEvents>" +
  `${events.join("")}</StackEvents></DescribeStackEventsResult></DescribeStackEventsResponse>`;
const errorWith = (code: string, message: string): string =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;

const closings: (() => void)[] = [];
afterEach(() => closings.splice(0).forEach((close) => close()));

/** Gives one answer after another; `given` settles when the last one was given. The last one is given again and again. */
async function serve(answers: readonly { status: number; body: string }[]) {
  const given = Promise.withResolvers<undefined>();
  let count = 0;
  const server = createServer((_request, response) => {
    const { status, body } = answers[Math.min(count, answers.length - 1)] ?? { status: 500, body: "" };
    count += 1;
    response.writeHead(status, { "content-type": "text/xml" }).end(body);
    if (count >= answers.length) given.resolve(undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closings.push(() => server.close());
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const url = `http://127.0.0.1:${port}`;
  const cloud = sandboxCloud({
    endpointUrl: url,
    rolesAnywhereEndpoint: url,
    region: "us-east-1",
    accountId: "000000000000",
  });
  return { cloud, given: given.promise };
}

describe("watchStackEvents", () => {
  it("hands over each event once, oldest first, from before the stack exists", async () => {
    const { cloud, given } = await serve([
      { status: 400, body: errorWith("ValidationError", "Stack [Stack] does not exist") },
      { status: 200, body: answerWith(xmlOf(1, "CREATE_IN_PROGRESS")) },
      {
        status: 200,
        body: answerWith(
          xmlOf(3, "CREATE_FAILED", "no"),
          xmlOf(2, "CREATE_COMPLETE"),
          xmlOf(1, "CREATE_IN_PROGRESS"),
        ),
      },
    ]);
    const events: StackEvent[] = [];
    const end = watchStackEvents({ cloud, stackName: "Stack", onEvent: (event) => events.push(event) });
    await given;
    await end();
    expect(events.map(({ resource, status }) => [resource, status])).toEqual([
      ["R1", "CREATE_IN_PROGRESS"],
      ["R2", "CREATE_COMPLETE"],
      ["R3", "CREATE_FAILED"],
    ]);
    expect(events[2]).toMatchObject({
      at: "2026-01-02T03:04:03.000Z",
      type: "AWS::S3::Bucket",
      reason: "no",
    });
  });

  it("throws at its end when CloudFormation refuses", async () => {
    const { cloud, given } = await serve([{ status: 403, body: errorWith("AccessDenied", "not you") }]);
    const end = watchStackEvents({ cloud, stackName: "Stack", onEvent: () => undefined });
    await given;
    await expect(end()).rejects.toThrow("not you");
  });
});

describe("toLine", () => {
  const event = { at: "", stack: "Stack", resource: "Bucket", type: "AWS::S3::Bucket" };

  it.each([
    ["CREATE_COMPLETE", undefined, "CREATE_COMPLETE  AWS::S3::Bucket                  Bucket"],
    ["CREATE_FAILED", "no", "CREATE_FAILED    AWS::S3::Bucket                  Bucket: no"],
    [
      "CREATE_FAILED",
      "a\u001b[2J\nb",
      String.raw`CREATE_FAILED    AWS::S3::Bucket                  Bucket: a\u{1b}[2J\u{a}b`,
    ],
  ])("writes %s with reason %j", (status, reason, line) => {
    expect(toLine({ ...event, status, reason })).toBe(line);
  });
});
