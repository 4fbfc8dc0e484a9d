import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const SCRIPT = fileURLToPath(new URL("call_boto3.py", import.meta.url));

/** Access key, secret and session token. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** One call of a service. */
export interface ServiceCall {
  /** Name of the client in boto3, such as `s3`. */
  readonly service: string;
  /** Such as `GetObject`; for boto3 also `presign:GetObject`, which makes a presigned URL. */
  readonly operation: string;
  readonly parameters?: object | undefined;
  /** Headers that boto3 sends and signs instead of its own. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly credentials: Credentials;
}

const answer = z.object({
  status: z.number(),
  /** The service's error code; `null` for success. */
  code: z.string().nullable(),
  message: z.string().nullable(),
  /** The URL, for a presigned one. */
  url: z.string().nullable(),
});

export type ServiceAnswer = z.infer<typeof answer>;

export interface Boto3 extends AsyncDisposable {
  call(call: ServiceCall): Promise<ServiceAnswer>;
}

/** Starts a Python with boto3 that makes one call after the other. It sees no other part of the environment than PATH. */
export function startBoto3(python: string, endpointUrl: string): Boto3 {
  const child = spawn(python, [SCRIPT, endpointUrl], {
    env: { PATH: process.env["PATH"] },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  let before: Promise<unknown> = Promise.resolve();
  const ask = async (call: ServiceCall): Promise<ServiceAnswer> => {
    child.stdin.write(`${JSON.stringify(call)}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error("the Python process with boto3 has ended");
    return answer.parse(JSON.parse(String(value)));
  };
  return {
    call(call) {
      const asked = before.then(() => ask(call));
      before = asked.catch(() => undefined);
      return asked;
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        child.once("close", () => resolve());
        child.stdin.end();
      }),
  };
}
