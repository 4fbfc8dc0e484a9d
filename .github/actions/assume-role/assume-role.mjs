// Gets credentials with ra-signer and gives them to the steps that follow. The private key goes to ra-signer through
// standard input: it is in no file, on no command line, and in no other process's environment.
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const { env } = process;
const TITLE = "Roles Anywhere";

/** Variables for ra-signer and npm: what this machine is like, and nothing of the inputs. */
const MACHINE = Object.fromEntries(
  Object.entries(env).filter(([name]) => !/^(RA_|INPUT_|AWS_(?!CA_BUNDLE$)|GITHUB_|ACTIONS_)/.test(name)),
);

function escaped(text) {
  return text.trim().replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function error(message) {
  console.log(`::error title=${TITLE}::${escaped(message)}`);
}

function fail(message) {
  error(message);
  process.exit(1);
}

for (const [variable, name] of [
  ["RA_CERTIFICATE", "certificate"],
  ["RA_PRIVATE_KEY", "private-key"],
  ["RA_TRUST_ANCHOR_ARN", "trust-anchor-arn"],
  ["RA_PROFILE_ARN", "profile-arn"],
  ["RA_ROLE_ARN", "role-arn"],
]) {
  if (!env[variable]?.trim()) {
    fail(`the input ${name} is empty; is the secret or variable set, and may this event and branch read it?`);
  }
}
if (!["environment", "profile"].includes(env.RA_EXPORT)) {
  fail(`the input export is ${JSON.stringify(env.RA_EXPORT)}; use environment or profile`);
}

/** The file of ra-signer, after installing it if the input is the name of a package. npm sees no secret. */
function findSigner() {
  const source = env.RA_SIGNER.trim();
  if (existsSync(source)) return resolve(source);
  const folder = mkdtempSync(join(env.RUNNER_TEMP, "ra-signer-"));
  const options = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"];
  const words = ["install", "--prefix", folder, ...options, "--loglevel=error", source];
  const { status } = spawnSync("npm", words, { env: MACHINE, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) fail(`npm could not install ${source}; its messages are above`);
  return join(folder, "node_modules", "@roles-anywhere", "signer", "bin", "ra-signer.cjs");
}

const signer = findSigner();
const flags = ["--certificate", "env:RA_CERTIFICATE", "--private-key", "-"];
for (const [flag, value] of [
  ["--trust-anchor-arn", env.RA_TRUST_ANCHOR_ARN],
  ["--profile-arn", env.RA_PROFILE_ARN],
  ["--role-arn", env.RA_ROLE_ARN],
  ["--region", env.RA_REGION],
  ["--session-duration", env.RA_DURATION_SECONDS],
  ["--role-session-name", env.RA_SESSION_NAME],
  ["--endpoint", env.RA_ENDPOINT],
  ["--intermediates", env.RA_CHAIN ? "env:RA_CHAIN" : ""],
  ["--pkcs8-password-env", env.RA_PRIVATE_KEY_PASSWORD ? "RA_PRIVATE_KEY_PASSWORD" : ""],
]) {
  if (value?.trim()) flags.push(flag, value.trim());
}

function runSigner(...words) {
  const { RA_CERTIFICATE, RA_CHAIN, RA_PRIVATE_KEY_PASSWORD } = env;
  return spawnSync("node", [signer, ...words, ...flags], {
    env: { ...MACHINE, RA_CERTIFICATE, RA_CHAIN, RA_PRIVATE_KEY_PASSWORD },
    input: env.RA_PRIVATE_KEY,
    encoding: "utf8",
  });
}

/** What doctor finds, each in a line of its own; else what ra-signer said itself. */
function explain(stderr) {
  const { stdout } = runSigner("doctor", "--json");
  let failed = [];
  try {
    failed = JSON.parse(stdout).findings.filter(({ status }) => status === "fail");
  } catch {
    // doctor could not say anything.
  }
  for (const { check, message, remedy } of failed) {
    error(`${check}: ${message}${remedy === undefined ? "" : ` -> ${remedy}`}`);
  }
  if (failed.length === 0) error(stderr || "ra-signer gave no credentials and no reason");
  process.exit(1);
}

const { status, stdout, stderr } = runSigner("credential-process");
if (status !== 0) explain(stderr);
if (stderr.trim() !== "") console.log(`::warning title=${TITLE}::${escaped(stderr)}`);
const session = JSON.parse(stdout);
// Before anything else, so that no later line can show them.
for (const name of ["AccessKeyId", "SecretAccessKey", "SessionToken"])
  console.log(`::add-mask::${session[name]}`);

const region = env.RA_REGION.trim() || env.RA_TRUST_ANCHOR_ARN.trim().split(":")[3];
const exported = { AWS_REGION: region, AWS_DEFAULT_REGION: region };
if (env.RA_EXPORT === "profile") {
  const file = join(mkdtempSync(join(env.RUNNER_TEMP, "ra-credentials-")), "credentials");
  const lines = [
    `[${env.RA_PROFILE_NAME}]`,
    `aws_access_key_id = ${session.AccessKeyId}`,
    `aws_secret_access_key = ${session.SecretAccessKey}`,
    `aws_session_token = ${session.SessionToken}`,
    "",
  ];
  writeFileSync(file, lines.join("\n"), { mode: 0o600 });
  // SDKs prefer variables to a profile.
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]) exported[name] = "";
  Object.assign(exported, { AWS_PROFILE: env.RA_PROFILE_NAME, AWS_SHARED_CREDENTIALS_FILE: file });
} else {
  exported.AWS_ACCESS_KEY_ID = session.AccessKeyId;
  exported.AWS_SECRET_ACCESS_KEY = session.SecretAccessKey;
  exported.AWS_SESSION_TOKEN = session.SessionToken;
}
// The runner deletes the file of the variables at the end of the step.
for (const [name, value] of Object.entries(exported)) appendFileSync(env.GITHUB_ENV, `${name}=${value}\n`);
appendFileSync(env.GITHUB_OUTPUT, `expiration=${session.Expiration}\naccount-id=${session.AccountId}\n`);
console.log(`Credentials of ${env.RA_ROLE_ARN.trim()} until ${session.Expiration}`);
