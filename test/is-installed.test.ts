import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";

const script = fileURLToPath(new URL("../scripts/lib/is-installed.mjs", import.meta.url));

const locked = {
  "": { name: "kit" },
  "node_modules/kit-a": { resolved: "packages/a", link: true },
  "packages/a": { version: "0.1.0" },
  "node_modules/b": { version: "1.0.0", integrity: "sha512-b" },
  "node_modules/b-linux": { version: "1.0.0", integrity: "sha512-c", optional: true },
};
const { "": root, ...installed } = locked;

it.each<{ name: string; tree: object | undefined; installed: boolean }>([
  { name: "all of it", tree: installed, installed: true },
  {
    name: "all but what is optional",
    tree: { ...installed, "node_modules/b-linux": undefined },
    installed: true,
  },
  { name: "nothing", tree: undefined, installed: false },
  { name: "all but one package", tree: { ...installed, "node_modules/b": undefined }, installed: false },
  {
    name: "all but one workspace",
    tree: { ...installed, "node_modules/kit-a": undefined },
    installed: false,
  },
  {
    name: "one package more",
    tree: { ...installed, "node_modules/c": { version: "1.0.0" } },
    installed: false,
  },
  {
    name: "another release",
    tree: { ...installed, "node_modules/b": { version: "1.0.1", integrity: "sha512-b" } },
    installed: false,
  },
  {
    name: "another package of that release",
    tree: { ...installed, "node_modules/b": { version: "1.0.0", integrity: "sha512-z" } },
    installed: false,
  },
  {
    name: "a link to another folder",
    tree: { ...installed, "node_modules/kit-a": { resolved: "packages/b", link: true } },
    installed: false,
  },
])("the scripts find $name installed: $installed", (row) => {
  const folder = mkdtempSync(join(tmpdir(), "is-installed-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "node_modules"));
  const write = (name: string, packages: object): void =>
    writeFileSync(join(folder, name), JSON.stringify({ lockfileVersion: 3, packages }));
  write("package-lock.json", { "": root, ...installed });
  if (row.tree !== undefined) write("node_modules/.package-lock.json", row.tree);
  expect(spawnSync(process.execPath, [script], { cwd: folder }).status === 0).toBe(row.installed);
});
