import { ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { signCreateSessionRequest } from "@roles-anywhere/signer";
import { expect } from "vitest";
import { z } from "zod";
import type { AccountDeployment } from "../../src/account/start-account-deployment.ts";
import { clientSettings } from "../../src/aws/cloud.ts";
import type { AccessKeys } from "../../src/aws/cloud.ts";
import type { Story } from "../story/story.ts";

/** What an account shows of one CreateSession call: no audit, but the answer, and what can be done with the session. */
export interface AccountAnswer {
  readonly status: number;
  readonly errorType: string | null;
  readonly message: string | undefined;
  readonly session: SessionUse | undefined;
}

interface SessionUse {
  /** Who the session is, by STS. */
  readonly arn: string | undefined;
  /** The objects that it sees in the stack's bucket. */
  readonly keys: readonly (string | undefined)[];
  /** The name of the error when it writes to that bucket. */
  readonly write: string;
}

/** An answer of AWS that was asked for on the way, for the open questions. */
export interface RecordedAnswer extends Pick<AccountAnswer, "status" | "errorType" | "message"> {
  /** The test that asked. */
  readonly test: string;
}

/** What users reported, word for word. AWS documents none of the others, so these are not asserted. */
const KNOWN_MESSAGES: Readonly<Record<string, RegExp>> = {
  SIGNATURE_MISMATCH: /^Invalid signature/,
  CHAIN_UNTRUSTED: /^Untrusted Signing Certificate/,
  TRUST_POLICY_DENIED: /^Unable to assume role for arn:/,
};

const created = z.object({
  credentialSet: z.tuple([
    z.object({
      credentials: z.object({
        accessKeyId: z.string(),
        secretAccessKey: z.string(),
        sessionToken: z.string(),
      }),
    }),
  ]),
});
const refused = z.object({ message: z.string().optional(), Message: z.string().optional() });

/**
 * The story in an account, where nothing tells why a request was refused. A granted session is used at STS and S3; of a
 * refused one the error is compared as far as it is known.
 *
 * @param answers gets each answer
 */
export function accountStory(deployment: AccountDeployment, answers: RecordedAnswer[]): Story {
  const { account, stack, pki } = deployment;
  return {
    ...deployment,
    cloud: account,
    isShared: true,
    async ask(changes = {}, tamper = (request) => request): Promise<AccountAnswer> {
      const { trustAnchorArn, profileArn, roleArn } = stack.outputs;
      const { certificatePath: certificate, privateKeyPath: privateKey } = pki;
      const endpoint = account.rolesAnywhereEndpoint;
      const identity = { certificate, privateKey, trustAnchorArn, profileArn, roleArn };
      const request = await signCreateSessionRequest({ endpoint, ...identity, ...changes });
      const { url, method, headers, body } = tamper(request);
      const response = await fetch(url, { method, headers, body });
      const answer = await readAnswer(response, (keys) => useSession(deployment, keys));
      const { status, errorType, message } = answer;
      answers.push({ test: expect.getState().currentTestName ?? "", status, errorType, message });
      return answer;
    },
    granted: {
      status: 201,
      session: {
        arn: expect.stringContaining(`:assumed-role/${stack.outputs.roleArn.split("/").at(-1)}/`),
        keys: ["shipments.json", "trust.svg", "welcome.txt"],
        write: "AccessDenied",
      },
    },
    refusedFor: (reason) => ({
      status: 403,
      errorType: expect.stringMatching(/^AccessDeniedException/),
      message: expect.stringMatching(KNOWN_MESSAGES[reason] ?? /./),
      session: undefined,
    }),
  };
}

async function readAnswer(
  response: Response,
  use: (keys: AccessKeys) => Promise<SessionUse>,
): Promise<AccountAnswer> {
  const text = await response.text();
  const { status } = response;
  const errorType = response.headers.get("x-amzn-errortype");
  if (status === 201) {
    const [{ credentials }] = created.parse(JSON.parse(text)).credentialSet;
    return { status, errorType, message: undefined, session: await use(credentials) };
  }
  const { message, Message } = refused.parse(JSON.parse(text));
  return { status, errorType, message: message ?? Message, session: undefined };
}

async function useSession({ account, stack }: AccountDeployment, keys: AccessKeys): Promise<SessionUse> {
  const Bucket = stack.outputs.bucketName;
  const sts = new STSClient(clientSettings(account, "sts", keys));
  const s3 = new S3Client({ ...clientSettings(account, "s3", keys), forcePathStyle: account.isStandIn });
  const { Arn: arn } = await sts.send(new GetCallerIdentityCommand());
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  const write = await s3.send(new PutObjectCommand({ Bucket, Key: "written-by-the-story", Body: "" })).then(
    () => "written",
    (error: unknown) => (error instanceof Error ? error.name : String(error)),
  );
  return { arn, keys: Contents.map(({ Key }) => Key), write };
}
