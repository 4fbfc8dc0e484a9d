import type { ServerResponse } from "node:http";

/** Answers a request, whatever it is. */
export type PlainAnswer = (response: ServerResponse) => void;

export const CREDENTIALS = {
  accessKeyId: "ASIATESTTESTTESTTEST",
  secretAccessKey: "secret/of+the/test",
  sessionToken: "token==",
  expiration: "2035-01-01T00:00:00Z",
};

/** An answer with a JSON body. */
export function json(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): PlainAnswer {
  return (response) => {
    response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
  };
}

/** A refusal in AWS's shape. */
export function refused(status: number, type: string, message: string): PlainAnswer {
  return json(status, { message }, { "X-Amzn-ErrorType": type, "x-amzn-RequestId": "id-1" });
}
