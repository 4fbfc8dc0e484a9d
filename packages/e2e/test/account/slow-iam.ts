import { createServer, request } from "node:http";
import { z } from "zod";

/** A Roles Anywhere in front of the mock that does not know new roles yet. */
export interface SlowIam extends AsyncDisposable {
  readonly url: string;
  /** How many sessions were refused. */
  refused(): number;
}

const address = z.object({ port: z.number() });

/** Answers the first CreateSession calls as for a role that trusts nobody, and passes everything else on. */
export async function startSlowIam(rolesAnywhereEndpoint: string, refusals: number): Promise<SlowIam> {
  let refused = 0;
  const server = createServer((incoming, outgoing) => {
    if (incoming.url?.startsWith("/sessions") === true && refused < refusals) {
      refused += 1;
      incoming.resume();
      outgoing
        .writeHead(403, { "content-type": "application/json", "x-amzn-errortype": "AccessDeniedException" })
        .end(JSON.stringify({ message: "Unable to assume role for arn:aws:iam::123456789012:role/New." }));
      return;
    }
    const { method, headers, url = "/" } = incoming;
    const forwarded = request(new URL(url, rolesAnywhereEndpoint), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", (error) => outgoing.destroy(error));
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${address.parse(server.address()).port}`,
    refused: () => refused,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
