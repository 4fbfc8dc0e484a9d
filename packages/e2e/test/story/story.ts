import { expect } from "vitest";
import type { SignedCreateSessionRequest } from "@roles-anywhere/signer";
import type { Cloud } from "../../src/aws/cloud.ts";
import { sandboxCloud } from "../../src/aws/cloud.ts";
import type { Phases } from "../../src/story/run-phases.ts";
import type { Deployment } from "../../src/story/start-deployment.ts";
import { sendCreateSession } from "../support/send-create-session.ts";
import type { SessionRequest } from "../support/send-create-session.ts";

/** What the chapters of the story ask and expect, in a sandbox and in an account of AWS. */
export interface Story extends Phases {
  readonly cloud: Cloud;
  /** Whether others may have trust anchors, profiles and roles in the account as well. */
  readonly isShared: boolean;
  /** Sends one CreateSession request as the external server does, except for `changes`. The client checks nothing. */
  ask(
    changes?: Partial<SessionRequest>,
    tamper?: (request: SignedCreateSessionRequest) => SignedCreateSessionRequest,
  ): Promise<object>;
  /** What `ask` gives for a request that is granted. */
  readonly granted: object;
  /** What `ask` gives for a request that is refused with status 403. @param reason a reason code of the mock */
  refusedFor(reason: string): object;
}

/** The story in a sandbox, where the mock's audit tells why a request was refused. */
export function sandboxStory(deployment: Deployment): Story {
  return {
    ...deployment,
    cloud: sandboxCloud(deployment.sandbox),
    isShared: false,
    ask: (changes, tamper) => sendCreateSession(deployment, changes, tamper),
    granted: { status: 201, audit: { _mock: { verdict: "granted" } } },
    refusedFor: (reason) => ({
      status: 403,
      errorType: expect.stringMatching(/^AccessDeniedException/),
      audit: { _mock: { verdict: "refused", status: 403, reason } },
    }),
  };
}
