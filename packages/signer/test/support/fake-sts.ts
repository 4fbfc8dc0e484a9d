import type { Answer } from "./fake-service.ts";

/** The session that a fake CreateSession names. */
export const CALLER_ARN = "arn:aws:sts::123456789012:assumed-role/Example/00";

/** One server for two services: requests for GetCallerIdentity get the first answer, others the second. */
export function withSts(sts: Answer, others: Answer): Answer {
  return (response, request) =>
    (request.body.startsWith("Action=GetCallerIdentity&") ? sts : others)(response, request);
}

/** What STS says about the caller. */
export function callerIdentity(arn = CALLER_ARN): Answer {
  return xml(
    200,
    `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>` +
      `<Arn>${arn}</Arn><UserId>AROA:00</UserId><Account>123456789012</Account>` +
      `</GetCallerIdentityResult><ResponseMetadata><RequestId>id-2</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
  );
}

/** A refusal of STS. */
export function stsRefusal(status: number, code: string, message: string): Answer {
  return xml(
    status,
    `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code>` +
      `<Message>${message}</Message></Error><RequestId>id-2</RequestId></ErrorResponse>`,
  );
}

function xml(status: number, body: string): Answer {
  return (response) => {
    response.writeHead(status, { "Content-Type": "text/xml", "x-amzn-RequestId": "id-2" }).end(body);
  };
}
