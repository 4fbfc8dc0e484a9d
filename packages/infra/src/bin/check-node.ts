// Every program of this folder imports this file first, so that an older Node.js ends with a sentence.
import { basename } from "node:path";
import process from "node:process";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (!(major >= 24 || (major === 22 && minor >= 22))) {
  process.stderr.write(
    `${basename(process.argv[1] ?? "", ".js")}: this is Node.js ${process.versions.node}; install Node.js 22.22 or later of that line, or 24 or later\n`,
  );
  process.exit(1);
}
