// Writes the table of sizes into docs/packages.md: publishes all packages to a registry on loopback, and installs each of
// them alone with npm.
//
//   npm run sizes        after npm run build
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { publishedPackages } from "./published-packages.mjs";
import { folderSize, installedSize, installProject, startRegistry } from "./registry.mjs";

const PAGE = fileURLToPath(new URL("../../docs/packages.md", import.meta.url));
const TABLE = /(?<=<!-- sizes -->\n\n)[\s\S]*?(?=\n\n<!-- end of sizes -->)/;

const folder = mkdtempSync(join(tmpdir(), "sizes-"));
const registry = await startRegistry(join(folder));
const rows = [];
try {
  for (const { name, manifest } of publishedPackages()) {
    const project = join(folder, basename(name));
    await installProject({ folder: project, registry: registry.url, packages: [name] });
    const own = folderSize(join(project, "node_modules", name));
    const { packages, bytes } = installedSize(project);
    const required = Object.keys(manifest.dependencies ?? {}).length;
    rows.push([
      `\`${name}\``,
      `${megabytes(own)} MB`,
      String(required),
      String(packages - 1),
      `${megabytes(bytes)} MB`,
    ]);
  }
} finally {
  await registry.stop();
  rmSync(folder, { recursive: true });
}

const header = ["package", "itself", "dependencies", "other packages installed", "all of them"];
const widths = header.map((title, column) =>
  Math.max(title.length, ...rows.map((row) => row[column].length)),
);
const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
const table = [line(header), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
const page = readFileSync(PAGE, "utf8");
if (!TABLE.test(page)) throw new Error(`${PAGE} has no place for the table: <!-- sizes -->`);
writeFileSync(
  PAGE,
  page.replace(TABLE, () => table),
);
console.log(table);

function megabytes(bytes) {
  return (bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0);
}
