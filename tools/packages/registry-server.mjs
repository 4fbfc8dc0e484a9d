// Runs verdaccio on a free port of 127.0.0.1 with a folder of its own. Prints its URL when it listens, and ends when standard
// input ends, that is with the process that started it.
//
//   node registry-server.mjs FOLDER
import { join } from "node:path";
import { runServer } from "verdaccio";

const folder = process.argv[2] ?? "";
const server = await runServer({
  self_path: folder,
  storage: join(folder, "storage"),
  web: { enable: false },
  auth: { htpasswd: { file: join(folder, "htpasswd"), max_users: -1 } },
  // No uplink: what it has was published to it, so no test can get a released version in place of the packed one.
  uplinks: {},
  packages: { "@roles-anywhere/*": { access: "$all", publish: "$all" } },
  max_body_size: "50mb",
  log: { type: "stdout", format: "json", level: "fatal" },
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.on("close", () => process.exit()).resume();
