// A CreateSession that answers at once, in a process of its own. Prints its URL.
//
// usage: node service.mjs [CERTIFICATE KEY]      with a certificate and its key it speaks HTTPS
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";

const [certificate, key] = process.argv.slice(2);

function answer(request, response) {
  request.resume().on("end", () => {
    const credentials = {
      accessKeyId: "ASIABENCH",
      secretAccessKey: "s",
      sessionToken: "t".repeat(800),
      expiration: new Date(Date.now() + 3_600_000).toISOString(),
    };
    response.writeHead(201).end(JSON.stringify({ credentialSet: [{ credentials }] }));
  });
}

const server =
  certificate === undefined
    ? createServer(answer)
    : createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, answer);
server.listen(0, "127.0.0.1", () => {
  console.log(`${certificate === undefined ? "http" : "https"}://127.0.0.1:${server.address().port}`);
});
