// Checks the same files under several settings with one TypeScript, and prints what it has to say, by setting.
//
//   node typecheck.cjs FOLDER-OF-TYPESCRIPT '[{"title":…,"files":[…],"options":{…}}]'
"use strict";
const [folder, cells] = process.argv.slice(2);
const ts = require(folder);

const result = {};
for (const { title, files, options } of JSON.parse(cells)) {
  const { options: parsed, errors } = ts.convertCompilerOptionsFromJson(options, process.cwd());
  const diagnostics = [...errors, ...ts.getPreEmitDiagnostics(ts.createProgram(files, parsed))];
  result[title] = diagnostics.slice(0, 5).map((diagnostic) => {
    const place = diagnostic.file === undefined ? "" : `${diagnostic.file.fileName}: `;
    return `${place}TS${diagnostic.code} ${ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n")}`;
  });
}
process.stdout.write(JSON.stringify(result));
