// Draws docs/layers.svg from layers.mjs and from the imports in the source files.
//
//   node tools/imports/draw-layers.mjs           writes the picture
//   node tools/imports/draw-layers.mjs --check   exits with 1 when the picture is out of date
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cruise } from "dependency-cruiser";
import config from "./dependency-cruiser.mjs";
import { FLOORS, floorPattern, WORKSPACES } from "./layers.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");
const PICTURE = join(ROOT, "docs/layers.svg");

const ROW = 26;
const LEFT = 24;
const LABEL_WIDTH = 220;
const PANEL_GAP = 44;
const WIDTH = 780;

/** Counts the imports between the floors of a package: `counts[from][to]`. */
function countImports(modules, workspace, floors) {
  const patterns = floors.map((floor) => new RegExp(floorPattern(workspace, floor)));
  const floorOf = (path) => patterns.findIndex((pattern) => pattern.test(path));
  const counts = floors.map(() => floors.map(() => 0));
  for (const { source, dependencies } of modules) {
    const from = floorOf(source);
    if (from === -1 || source.endsWith(".test.ts")) continue;
    for (const { resolved } of dependencies) {
      const to = floorOf(resolved);
      if (to !== -1 && to !== from) counts[from][to] += 1;
    }
  }
  return counts;
}

/** Radius of a dot. There are three sizes, so that one more import rarely changes the picture. */
function dotSize(count) {
  if (count === 0) return 0;
  if (count < 4) return 3;
  return count < 10 ? 5 : 7;
}

function text(x, y, content, className = "") {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x}" y="${y}"${className === "" ? "" : ` class="${className}"`}>${escaped}</text>`;
}

/** Draws a row for each workspace with the names of the workspaces that it imports at run time. */
function drawWorkspaces(top) {
  const parts = [text(LEFT, top, "Workspaces: who imports whom at run time", "title")];
  const names = Object.entries(WORKSPACES).filter(([name]) => name !== "packages/testing");
  names.forEach(([name, imports], index) => {
    const y = top + 16 + index * ROW;
    const short = (path) => path.slice(path.indexOf("/") + 1);
    parts.push(
      `<rect x="${LEFT}" y="${y}" width="${LABEL_WIDTH - 60}" height="${ROW - 6}" rx="4"/>`,
      text(LEFT + 8, y + 14, short(name)),
      text(
        LEFT + LABEL_WIDTH - 50,
        y + 14,
        imports.length === 0 ? "imports no other" : `→ ${imports.map(short).join(", ")}`,
        "note",
      ),
    );
  });
  return { parts, bottom: top + 16 + names.length * ROW };
}

/** Draws the floors of a package, the ground floor at the bottom. A dot: the floor of the row imports that of the column. */
function drawFloors(top, workspace, floors, counts) {
  const parts = [
    text(LEFT, top, `${workspace.slice(workspace.indexOf("/") + 1)}: imports only run down`, "title"),
  ];
  const columns = LEFT + LABEL_WIDTH + 60;
  floors.forEach((floor, index) => {
    const y = top + 16 + (floors.length - 1 - index) * ROW;
    parts.push(
      `<rect x="${LEFT}" y="${y}" width="${LABEL_WIDTH + 40}" height="${ROW - 6}" rx="4"/>`,
      text(LEFT + 8, y + 14, `${index + 1}  ${floor.name}`),
    );
    for (let below = 0; below < index; below += 1) {
      const size = dotSize(counts[index][below]);
      const x = columns + below * 34;
      parts.push(
        size === 0
          ? `<circle cx="${x}" cy="${y + 10}" r="1" class="none"/>`
          : `<circle cx="${x}" cy="${y + 10}" r="${size}"><title>${floor.name} imports ${floors[below].name}</title></circle>`,
      );
    }
  });
  const bottom = top + 16 + floors.length * ROW;
  for (let below = 0; below < floors.length - 1; below += 1) {
    parts.push(text(columns + below * 34 - 4, bottom + 8, String(below + 1), "note"));
  }
  return { parts, bottom: bottom + 8 };
}

async function draw() {
  process.chdir(ROOT);
  const { output } = await cruise(
    Object.keys(FLOORS).map((workspace) => `${workspace}/src`),
    { ...config.options, exclude: { path: config.options.exclude.path } },
  );
  const parts = [];
  let top = 30;
  const add = (panel) => {
    parts.push(...panel.parts);
    top = panel.bottom + PANEL_GAP;
  };
  add(drawWorkspaces(top));
  for (const [workspace, floors] of Object.entries(FLOORS)) {
    add(drawFloors(top, workspace, floors, countImports(output.modules, workspace, floors)));
  }
  const legend =
    "A dot: the floor of the row imports the floor of that number. Small 1–3 imports, middle 4–9, large 10 or more.";
  parts.push(text(LEFT, top - 16, legend, "note"));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" role="img" aria-label="Workspaces and floors, and who imports whom">
<!-- Made by "npm run picture" from tools/imports/layers.mjs; do not edit. -->
<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; font-size: 15px; }
  .note { fill: #59636e; }
  rect { fill: #ddf4ff; stroke: #54aeff; }
  .page { fill: #fff; stroke: none; }
  circle { fill: #0969da; }
  .none { fill: #afb8c1; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .note { fill: #9198a1; }
    rect { fill: #121d2f; stroke: #1f6feb; }
    .page { fill: #0d1117; }
    circle { fill: #58a6ff; }
    .none { fill: #3d444d; }
  }
</style>
<rect class="page" width="${WIDTH}" height="${top}"/>
${parts.join("\n")}
</svg>
`;
}

const picture = await draw();
if (!process.argv.includes("--check")) {
  writeFileSync(PICTURE, picture);
} else if (readFileSync(PICTURE, "utf8") !== picture) {
  console.error("docs/layers.svg: out of date; run npm run picture");
  process.exitCode = 1;
}
