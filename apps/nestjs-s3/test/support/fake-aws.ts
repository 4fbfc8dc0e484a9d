import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { escapeXml } from "./escape-xml.ts";

export interface FakeObject {
  readonly key: string;
  readonly size: number;
  readonly lastModified: string;
}

/** As much of S3, STS and Roles Anywhere as the app calls, over real HTTP, so that the SDK's own parsing and errors take part. */
export class FakeAws {
  /** What the bucket holds. */
  objects: readonly FakeObject[] = [];
  /** Life of the sessions of Roles Anywhere, in milliseconds. */
  sessionLifeMs = 3_600_000;
  /** What time it is for Roles Anywhere, in milliseconds since the epoch. */
  now: () => number = Date.now;
  /** When set, Roles Anywhere refuses with this message. */
  sessionRefusal: string | undefined;
  /** When set, every other request is refused like this. */
  refusal: { status: number; code: string; message: string } | undefined;
  /** When set, it accepts requests and never answers. */
  silent = false;
  /** `GET /bucket?list-type=2` and so on, in the order in which they came. */
  readonly requests: string[] = [];
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      request.resume().on("end", () => this.#answer(request, response));
    });
  }

  /** How often Roles Anywhere was asked. */
  get sessions(): number {
    return this.requests.filter((request) => request.startsWith("POST /sessions?")).length;
  }

  static async start(): Promise<FakeAws> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the fake has no port");
    return new FakeAws(server, `http://127.0.0.1:${address.port}`);
  }

  /** From now on nothing listens at its URL. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Listens again at the same URL. */
  async restart(): Promise<void> {
    if (this.#server.listening) return;
    await new Promise<void>((resolve) =>
      this.#server.listen(Number(new URL(this.url).port), "127.0.0.1", resolve),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", this.url);
    this.requests.push(`${request.method} ${url.pathname}${url.search}`);
    if (this.silent) return;
    if (url.pathname === "/sessions") {
      this.#answerCreateSession(response);
      return;
    }
    response.setHeader("Content-Type", "application/xml");
    if (this.refusal !== undefined) {
      const { status, code, message } = this.refusal;
      const error = `<Code>${code}</Code><Message>${escapeXml(message)}</Message>`;
      response.statusCode = status;
      // STS wraps the error, S3 does not.
      response.end(
        request.method === "POST"
          ? `<ErrorResponse><Error><Type>Sender</Type>${error}</Error></ErrorResponse>`
          : `<Error>${error}</Error>`,
      );
    } else if (request.method === "POST") {
      response.end(CALLER_IDENTITY);
    } else if (!url.searchParams.has("list-type")) {
      response.setHeader("Content-Type", "image/svg+xml");
      response.end(IMAGE);
    } else {
      response.end(this.#page(url.searchParams));
    }
  }

  #answerCreateSession(response: ServerResponse): void {
    response.setHeader("Content-Type", "application/json");
    if (this.sessionRefusal !== undefined) {
      response.statusCode = 403;
      response.setHeader("X-Amzn-ErrorType", "AccessDeniedException");
      response.end(JSON.stringify({ message: this.sessionRefusal }));
      return;
    }
    const credentials = {
      accessKeyId: `ASIASESSION${this.sessions}`,
      secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
      sessionToken: "session-token",
      expiration: new Date(this.now() + this.sessionLifeMs).toISOString(),
    };
    response.statusCode = 201;
    response.end(JSON.stringify({ credentialSet: [{ credentials }] }));
  }

  #page(query: URLSearchParams): string {
    const matching = this.objects.filter(({ key }) => key.startsWith(query.get("prefix") ?? ""));
    const start = Number(query.get("continuation-token") ?? 0);
    const end = start + Number(query.get("max-keys") ?? 1000);
    const contents = matching
      .slice(start, end)
      .map(
        ({ key, size, lastModified }) =>
          `<Contents><Key>${escapeXml(key)}</Key><Size>${size}</Size><LastModified>${lastModified}</LastModified></Contents>`,
      );
    const next =
      end < matching.length
        ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${end}</NextContinuationToken>`
        : "<IsTruncated>false</IsTruncated>";
    return `<?xml version="1.0"?><ListBucketResult>${next}${contents.join("")}</ListBucketResult>`;
  }
}

/** What every object holds. */
const IMAGE = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48"><rect width="64" height="48" fill="teal"/></svg>`;

const CALLER_IDENTITY = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:sts::123456789012:assumed-role/Reader/5f3a</Arn><UserId>AROAEXAMPLE:5f3a</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>`;
