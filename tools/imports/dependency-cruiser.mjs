// The rules of who may import whom, made from layers.mjs. `npm run lint` checks them. Imports of types count too.
import { FLOORS, floorPattern, TEST_IMPORTS, WORKSPACES } from "./layers.mjs";

/** Files that are not published: tests, and files that only tests, benches and builds run. */
const NOT_SHIPPED = String.raw`\.test\.ts$|^(?:packages|apps)/[^/]+/(?:test|bench|interop|scripts)/|/[^/]+\.config\.ts$`;
const ALL = Object.keys(WORKSPACES);
const TESTING = "packages/testing";

/** Patterns of the imports of these workspaces: by file, or by name when the workspace is not built yet. */
function targetPattern(workspaces) {
  return workspaces.map((workspace) => {
    const name = workspace.slice(workspace.indexOf("/") + 1);
    return `^(?:${workspace}/|@roles-anywhere/${name}(?:/|$))`;
  });
}

function workspaceRules(workspace) {
  const shipped = [workspace, ...WORKSPACES[workspace]];
  const tested = [...shipped, TESTING, ...(TEST_IMPORTS[workspace] ?? [])];
  const rule = (kind, from, allowed) => ({
    name: `${workspace} ${kind}`,
    comment: `WORKSPACES in tools/imports/layers.mjs lists what ${workspace} may import.`,
    severity: "error",
    from,
    to: { path: targetPattern(ALL.filter((other) => !allowed.includes(other))) },
  });
  return [
    rule("imports", { path: `^${workspace}/`, pathNot: NOT_SHIPPED }, shipped),
    rule("tests import", { path: `^${workspace}/` }, tested),
  ].filter(({ to }) => to.path.length > 0);
}

function floorRules(workspace, floors) {
  const upwards = floors.slice(0, -1).map((floor, index) => ({
    name: `${workspace}: ${floor.name} imports upwards`,
    comment: "FLOORS in tools/imports/layers.mjs lists the floors; imports only run down.",
    severity: "error",
    from: { path: floorPattern(workspace, floor), pathNot: NOT_SHIPPED },
    to: { path: floors.slice(index + 1).map((above) => floorPattern(workspace, above)) },
  }));
  const withoutFloor = {
    name: `${workspace}: a file without a floor`,
    comment: "Add its folder to FLOORS in tools/imports/layers.mjs.",
    severity: "error",
    from: {
      path: `^${workspace}/src/`,
      pathNot: [...floors.map((floor) => floorPattern(workspace, floor)), NOT_SHIPPED],
    },
    to: {},
  };
  return [...upwards, withoutFloor];
}

const HELPERS_IN_SRC = ["/src/(?:testing|test|support)/", "/src/.+/(?:testing|test|support)/"];

export default {
  forbidden: [
    {
      name: "no cycles",
      comment: "Move what both files need into a third one.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no test helper in what is shipped",
      comment: "Only tests import packages/testing, test folders, test files and the test runner.",
      severity: "error",
      from: { path: "^(?:packages|apps)/[^/]+/(?:src|bin)/", pathNot: [NOT_SHIPPED, `^${TESTING}/`] },
      to: {
        path: [
          ...targetPattern([TESTING]),
          NOT_SHIPPED,
          "^(?:vitest|fast-check|supertest)(?:/|$)",
          "node_modules/(?:vitest|fast-check|supertest)/",
        ],
      },
    },
    {
      name: "no folder of test helpers in src",
      comment: "Helpers of one package stand in its test/support, those of several in packages/testing.",
      severity: "error",
      from: {},
      to: { path: HELPERS_IN_SRC },
    },
    {
      name: "other packages by their name",
      comment: "Import what another package exports, not one of its files.",
      severity: "error",
      from: { path: "^((?:packages|apps)/[^/]+)/" },
      to: {
        path: "^(?:packages|apps)/[^/]+/",
        pathNot: ["^$1/", "^(?:packages|apps)/[^/]+/dist/", `^${TESTING}/src/[a-z-]+\\.ts$`],
      },
    },
    ...ALL.flatMap(workspaceRules),
    ...Object.entries(FLOORS).flatMap(([workspace, floors]) => floorRules(workspace, floors)),
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules|/dist/" },
    exclude: { path: "/(?:reports|cdk\\.out)/" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["types", "import", "default"] },
  },
};
