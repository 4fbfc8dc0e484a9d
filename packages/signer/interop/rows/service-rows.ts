import { json, refused, success } from "../recording-service.ts";
import type { Answer } from "../recording-service.ts";
import type { Row } from "../row.ts";
import { logged, PRINTED, sessionRow, SUCCEEDS, worded } from "./session-row.ts";
import type { SessionCase } from "./session-row.ts";

const ATTEMPTS_OF_3 =
  /attempt=1; max=3[\s\S]*<UUID>\namz-sdk-request: attempt=2; max=3[\s\S]*<UUID>\namz-sdk-request: attempt=3; max=3/;
const GIVEN_UP = "exceeded maximum number of attempts, 3";

/** What the service may answer. */
export function serviceRows(): readonly Row[] {
  return [
    ...refusalRows(),
    ...retryRows(),
    ...badAnswerRows(),
    sessionRow({
      name: "service: a session that has ended",
      answers: [success({ expiration: "2020-01-01T00:00:00Z" })],
      expected: { requests: "1", signature: "valid" },
      difference: {
        reason: "a session that has ended is an error; the helper prints it",
        helper: { exit: "0", stdout: PRINTED.replace("2035", "2020") },
        ours: { exit: "1", stdout: "" },
      },
    }),
    sessionRow({ name: "service: 200 instead of 201", answers: [success({}, 200)] }),
    sessionRow({
      name: "service: an expiration that is printed as it came",
      answers: [success({ expiration: "2035-01-01T02:00:00+02:00" })],
      expected: { ...SUCCEEDS, stdout: PRINTED.replace("2035-01-01T00:00:00Z", "2035-01-01T02:00:00+02:00") },
    }),
  ];
}

function refusalRows(): readonly Row[] {
  const row = (name: string, answer: Answer, helper: string, ours: RegExp): Row =>
    sessionRow({
      name: `service: ${name}`,
      answers: [answer],
      expected: { exit: "1", stdout: "", requests: "1", signature: "valid" },
      difference: worded(logged(helper), ours),
    });
  const operation = "operation error RolesAnywhere: CreateSession, https response error StatusCode:";
  return [
    row(
      "403",
      refused(403, "AccessDeniedException", "Untrusted Signing Certificate"),
      `${operation} 403, RequestID: id-1, AccessDeniedException: Untrusted Signing Certificate`,
      /^ra-signer: .*AccessDeniedException.*Untrusted Signing Certificate/,
    ),
    row(
      "400",
      refused(400, "ValidationException", "1 validation error detected"),
      `${operation} 400, RequestID: id-1, ValidationException: 1 validation error detected`,
      /^ra-signer: .*ValidationException.*1 validation error detected/,
    ),
    row(
      "404",
      refused(404, "ResourceNotFoundException", "no such profile"),
      `${operation} 404, RequestID: id-1, ResourceNotFoundException: no such profile`,
      /^ra-signer: .*ResourceNotFoundException.*no such profile/,
    ),
    row(
      "403 with the type in the body, and Message for message",
      json(403, { __type: "com.amazonaws#AccessDeniedException:http://x/", Message: "no" }),
      `${operation} 403, RequestID: .*AccessDeniedException: no`,
      /^ra-signer: .*\bAccessDeniedException\b.*\bno\b/,
    ),
    row(
      "403 of a type that nobody knows",
      refused(403, "NewException", "something new"),
      "api error NewException: something new",
      /^ra-signer: .*NewException.*something new/,
    ),
    row(
      "403 without a body",
      (response) => response.writeHead(403).end(),
      `${operation} 403`,
      /^ra-signer: .*403/,
    ),
    row(
      "403 with HTML",
      (response) => response.writeHead(403, { "Content-Type": "text/html" }).end("<html>Forbidden</html>"),
      `${operation} 403`,
      /^ra-signer: .*403/,
    ),
  ];
}

function retryRows(): readonly Row[] {
  const gone = (
    answer: Answer,
    status: string,
  ): Pick<SessionCase, "answers" | "expected" | "difference"> => ({
    answers: [answer],
    expected: {
      exit: "1",
      stdout: "",
      requests: "3",
      headers: ATTEMPTS_OF_3,
      signature: "valid\nvalid\nvalid",
    },
    difference: worded(logged(`${GIVEN_UP}.*${status}`), new RegExp(`^ra-signer: .*${status}`)),
  });
  const throttled = refused(429, "TooManyRequestsException", "slow down");
  const broken = refused(500, "InternalServerException", "oops");
  return [
    sessionRow({ name: "retries: 429 to the end", ...gone(throttled, "429") }),
    sessionRow({ name: "retries: 500 to the end", ...gone(broken, "500") }),
    sessionRow({
      name: "retries: 503 to the end",
      ...gone(refused(503, "ServiceUnavailable", "later"), "503"),
    }),
    ...(
      [
        ["429", throttled],
        ["500", broken],
        ["a dropped connection", (response) => response.destroy()],
      ] as const satisfies readonly (readonly [string, Answer])[]
    ).map(([name, answer]) =>
      sessionRow({
        name: `retries: ${name}, then success`,
        answers: [answer, success()],
        expected: { exit: "0", stdout: PRINTED, requests: "2", signature: "valid\nvalid" },
      }),
    ),
    sessionRow({
      name: "retries: AWS_MAX_ATTEMPTS=1",
      answers: [broken],
      environment: () => ({ AWS_MAX_ATTEMPTS: "1" }),
      expected: { exit: "1", stdout: "", requests: "1", headers: /^amz-sdk-request: attempt=1; max=1$/m },
    }),
    sessionRow({
      name: "retries: AWS_MAX_ATTEMPTS=2",
      answers: [broken],
      environment: () => ({ AWS_MAX_ATTEMPTS: "2" }),
      expected: { exit: "1", stdout: "", requests: "2", headers: /^amz-sdk-request: attempt=2; max=2$/m },
    }),
  ];
}

function badAnswerRows(): readonly Row[] {
  const bad = (name: string, answer: Answer, rest: Partial<SessionCase> = {}): Row =>
    sessionRow({
      name: `service: ${name}`,
      answers: [answer],
      expected: { exit: "1", stdout: "", requests: "1" },
      difference: worded(/./),
      ...rest,
    });
  const crashes = {
    difference: {
      reason: "an answer without complete credentials is an error; the helper crashes",
      helper: { exit: "2", stderr: /^panic: /m },
      ours: { exit: "1", stderr: /^ra-signer: [^\n]+\n$/ },
    },
  };
  return [
    bad("201 with garbage", (response) => response.writeHead(201).end("garbage")),
    bad("201 without credential sets", json(201, { credentialSet: [] }), {
      difference: worded(logged("unable to obtain temporary security credentials from CreateSession")),
    }),
    bad("201 without credentials", json(201, { credentialSet: [{}] }), crashes),
    bad("201 without the secret access key", success({ secretAccessKey: undefined }), crashes),
  ];
}
