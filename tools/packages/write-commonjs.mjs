// Writes dist/commonjs: the ES modules of a package once more, as CommonJS with declarations of their own, for tools that
// cannot `require` an ES module: Jest, TypeScript with `module` node16 or node18, and resolution that knows nothing of
// `exports`. Node.js itself takes the ES modules either way (condition "module-sync"), so that a process never holds two
// copies.
//
//   node ../../tools/packages/write-commonjs.mjs      in the folder of a package, after tsc
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

import { build, transform } from "esbuild";

const DIST = resolve("dist");
const TARGET = join(DIST, "commonjs");

const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
const entryPoints = Object.values(exports).flatMap((entry) =>
  typeof entry === "string" ? [] : [entry.import.default],
);

rmSync(TARGET, { recursive: true, force: true });
mkdirSync(TARGET, { recursive: true });
writeFileSync(join(TARGET, "package.json"), '{"type":"commonjs"}\n');

// One file for each module, so that entry points share their classes and their state.
for (const file of await modulesBelow(entryPoints)) {
  const target = join(TARGET, relative(DIST, file));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, await asCommonJs(file, target));
}
for (const file of declarationsBelow(entryPoints)) {
  const target = join(TARGET, relative(DIST, file));
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(file, target);
}

/** The modules that the entry points load, themselves included. */
async function modulesBelow(entryPoints) {
  const { metafile } = await build({
    entryPoints,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    outdir: "nowhere",
    write: false,
    metafile: true,
    logLevel: "warning",
  });
  return Object.keys(metafile.inputs).map((name) => resolve(name));
}

async function asCommonJs(file, target) {
  const source = readFileSync(file, "utf8");
  // The folders around an ES module have what it reads and starts, so the CommonJS module goes by the place of its twin.
  const twin = JSON.stringify(relative(dirname(target), file));
  const place = `const moduleUrl = require("node:url").pathToFileURL(require("node:path").join(__dirname, ${twin})).href;\n`;
  const { code, warnings } = await transform(source, {
    format: "cjs",
    platform: "node",
    target: "node22",
    // The ending: what a default import of a CommonJS module gets is decided as for an ES module of Node.js.
    sourcefile: file.replace(/\.js$/, ".mjs"),
    define: { "import.meta.url": "moduleUrl" },
    // Jest cannot load a module with import() either.
    supported: { "dynamic-import": false },
  });
  if (warnings.length > 0) throw new Error(`${file}: ${warnings.map(({ text }) => text).join("; ")}`);
  return `"use strict";\n${source.includes("import.meta.url") ? place : ""}${code}`;
}

/** The declarations that those of the entry points name, themselves included. */
function declarationsBelow(entryPoints) {
  const found = new Set();
  const waiting = entryPoints.map((name) => resolve(name.replace(/\.js$/, ".d.ts")));
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/(?:from |import\()"(\.[^"]+)"/g)) {
      const declaration = resolve(dirname(file), name.replace(/\.[jt]s$/, ".d.ts"));
      if (!existsSync(declaration)) throw new Error(`${file} imports "${name}", which has no declarations`);
      waiting.push(declaration);
    }
  }
  return found;
}
