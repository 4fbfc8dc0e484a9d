import type { PolicyPort } from "./policy-port.ts";

/** Which state of the policies a request was made in: the number grows with every change within one epoch. */
export interface PolicyVersion {
  /** Names one run of the emulator, whose IAM begins empty. */
  readonly epoch: string;
  readonly number: number;
}

/** How many answers are kept at most: roles and managed policies of one version. */
const CAPACITY = 10_000;

/**
 * Keeps what the port answered for as long as no policy changes.
 *
 * The emulator counts a change after it was made and before its caller learns of it. So whatever was read at a version or
 * later holds for requests of that version, and the answers of older versions are dropped.
 *
 * @returns the port as it is at a version
 */
export function createPolicyCache(port: PolicyPort): (version: PolicyVersion) => PolicyPort {
  let current: PolicyVersion = { epoch: "", number: -1 };
  let cached = port;
  return (version) => {
    const isNewer = version.epoch !== current.epoch || version.number > current.number;
    if (isNewer) {
      current = version;
      cached = remember(port);
    }
    return cached;
  };
}

function remember(port: PolicyPort): PolicyPort {
  const readRole = keepAnswers((roleArn: string) => port.readRole(roleArn));
  const byAccount = new Map<string, (policyArn: string) => ReturnType<PolicyPort["readManagedPolicy"]>>();
  return {
    readRole,
    readManagedPolicy(policyArn, account) {
      const read =
        byAccount.get(account) ?? keepAnswers((arn: string) => port.readManagedPolicy(arn, account));
      byAccount.set(account, read);
      return read(policyArn);
    },
  };
}

function keepAnswers<T>(read: (arn: string) => Promise<T>): (arn: string) => Promise<T> {
  const answers = new Map<string, Promise<T>>();
  return (arn) => {
    const known = answers.get(arn);
    if (known !== undefined) return known;
    if (answers.size >= CAPACITY) answers.clear();
    const answer = read(arn);
    answers.set(arn, answer);
    // A failure is no answer: the next request asks again.
    answer.catch(() => {
      if (answers.get(arn) === answer) answers.delete(arn);
    });
    return answer;
  };
}
