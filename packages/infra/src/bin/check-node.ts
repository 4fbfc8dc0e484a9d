// Imported first by every program of this folder, so that an older Node.js ends with a sentence.
import process from "node:process";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (!(major >= 24 || (major === 22 && minor >= 22))) {
  process.stderr.write(
    `@roles-anywhere/infra: this is Node.js ${process.versions.node}; install Node.js 22.22 or later of that line, or 24 or later\n`,
  );
  process.exit(1);
}
