// Measures what fresh credentials cost, each way as a ratio to bare `node -e 0` in the same run; then 200 processes at
// once, and what 10,000 refreshes leave in memory.
//
// usage: npm run bench -- [rounds]      AWS_SIGNING_HELPER=/path/to/aws_signing_helper is measured as well
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { fromHttp, fromIni } from "@aws-sdk/credential-providers";
import { fromRolesAnywhere } from "@roles-anywhere/signer";
import { reportBench } from "@roles-anywhere/testing";

import { burst } from "./burst.mjs";
import { compare } from "./compare.mjs";
import { memory } from "./memory.mjs";
import { world } from "./world.mjs";

const rounds = Number(process.argv[2] ?? 41);
const { folder, main, launcher, words, environment } = world;
const helper = process.env.AWS_SIGNING_HELPER;

const configFilepath = join(folder, "config");
writeFileSync(
  configFilepath,
  `[profile bench]\ncredential_process = "${process.execPath}" "${main}" ${words.join(" ")}\nregion = us-east-1\n`,
);

const TOKEN = "credential-process, P-256 key in SoftHSM";

function command(program, args) {
  return () => {
    const { status, stderr } = spawnSync(program, args, { env: environment });
    if (status !== 0) throw new Error(`${program}: ${stderr}`);
  };
}

try {
  const { uri, token } = await world.startServe();
  const found = await compare(
    {
      "node -e 0": command(process.execPath, ["-e", "0"]),
      "credential-process": command(process.execPath, [main, ...words]),
      "credential-process, RSA key": command(process.execPath, [main, ...world.rsaWords]),
      ...(world.tokenWords ? { [TOKEN]: command(process.execPath, [main, ...world.tokenWords]) } : {}),
      "credential-process, https endpoint": command(process.execPath, [main, ...world.tlsWords]),
      "credential-process --cache, hit in Node.js": command(process.execPath, [main, ...words, "--cache"]),
      "credential-process --cache, hit in the launcher": command("/bin/sh", [
        ...[launcher, process.execPath, main],
        ...[...words, "--cache"],
      ]),
      ...(helper ? { aws_signing_helper: command(helper, words) } : {}),
      "SDK: fromIni with credential_process": () =>
        fromIni({ profile: "bench", configFilepath, filepath: join(folder, "none"), ignoreCache: true })(),
      "SDK: fromHttp, from serve": () =>
        fromHttp({ awsContainerCredentialsFullUri: uri, awsContainerAuthorizationToken: token })(),
      "SDK: fromRolesAnywhere": () => fromRolesAnywhere(world.init)(),
    },
    rounds,
  );
  const ratio = (name, other) => found.get(name).ratioTo(other).toFixed(2);
  console.log(`fresh credentials, median of ${rounds}`);
  for (const [name, { milliseconds, ratioTo }] of found) {
    if (name !== "node -e 0") {
      reportBench({ package: "signer", name: `${name}, beside node -e 0`, ratio: ratioTo("node -e 0") });
    }
    const ofHelper = helper ? `  ${ratio(name, "aws_signing_helper").padStart(6)} x the helper` : "";
    console.log(
      `  ${name.padEnd(48)} ${milliseconds.toFixed(1).padStart(7)} ms  ${ratio(name, "node -e 0").padStart(6)} x${ofHelper}`,
    );
  }
  const [inProcess, fromProcess] = ["SDK: fromRolesAnywhere", "SDK: fromIni with credential_process"];
  console.log(`  fromRolesAnywhere is ${ratio(inProcess, fromProcess)} x fromIni with credential_process`);
  if (world.tokenWords) {
    console.log(`  a key in SoftHSM takes ${ratio(TOKEN, "credential-process")} x a key in a file`);
    reportBench({
      package: "signer",
      name: "credential-process, P-256 key in SoftHSM, beside the key in a file",
      ratio: found.get(TOKEN).ratioTo("credential-process"),
    });
  }
  await burst();
  await memory();
} finally {
  world.stop();
}
