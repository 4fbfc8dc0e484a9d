// A CreateSession that answers at once, in a process of its own. Prints its URL.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  request.resume().on("end", () => {
    const expiration = new Date(Date.now() + 3_600_000).toISOString();
    const credentials = {
      accessKeyId: "ASIABENCH",
      secretAccessKey: "s",
      sessionToken: "t".repeat(800),
      expiration,
    };
    response.writeHead(201).end(JSON.stringify({ credentialSet: [{ credentials }] }));
  });
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
