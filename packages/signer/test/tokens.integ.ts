// Keys in real tokens of SoftHSM, through every command and the provider. Skipped without SoftHSM or pkcs11js;
// RA_SOFTHSM=required makes that a failure.
import { createHash, verify, X509Certificate } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";

import { fromIni } from "@aws-sdk/credential-providers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { temporaryFolder } from "@roles-anywhere/testing";
import type { TestIdentity } from "@roles-anywhere/testing";

import { createSession, fromRolesAnywhere, loadTokenIdentity } from "../src/index.ts";
import type { RolesAnywhereInit } from "../src/index.ts";
import { CA_EXTENSIONS, makeCertificate } from "./support/chain.ts";
import { runCli } from "./support/run-cli.ts";
import type { CliResult } from "./support/run-cli.ts";
import { buildShim, derOf, setUpSoftHsm, softHsmLibrary } from "./support/softhsm.ts";
import type { Shim, SoftHsm, TokenObject } from "./support/softhsm.ts";
import { startServeProcess } from "./support/serve-process.ts";
import { ARNS, startWorld } from "./support/start-world.ts";
import type { World } from "./support/start-world.ts";
import { hasTerminal, runInTerminal } from "./support/terminal.ts";

it.runIf(process.env["RA_SOFTHSM"] === "required")("SoftHSM and pkcs11js are installed", () => {
  expect(softHsmLibrary).toBeDefined();
});

const PIN = "73915268";
const ALGORITHMS = ["RSA-2048", "P-256", "P-384", "P-521"] as const;
const NODE_IDS = { "RSA-2048": "01", "P-256": "02", "P-384": "03", "P-521": "04" } as const;

describe.runIf(softHsmLibrary !== undefined)("keys in tokens", () => {
  const folder = temporaryFolder();
  const path = folder.join;
  let world: World;
  let hsm: SoftHsm;
  let shim: Shim;
  let server: { readonly serial: string; readonly slotId: string };
  const identities = new Map<string, TestIdentity>();

  const identity = (name: string): TestIdentity => {
    const found = identities.get(name);
    if (found === undefined) throw new Error(`no identity ${name}`);
    return found;
  };
  const issue = (name: string, changes: Parameters<typeof makeCertificate>[0] = {}): TestIdentity => {
    const made = makeCertificate({ subject: `/O=Example/CN=${name}`, issuer: world.authority, ...changes });
    identities.set(name, made);
    writeFileSync(path(`${name}.pem`), made.certificatePem);
    writeFileSync(path(`${name}.key`), made.privateKeyPem, { mode: 0o600 });
    return made;
  };
  const certificate = (made: TestIdentity, more: Partial<TokenObject> = {}): TokenObject => ({
    kind: "certificate",
    der: derOf(made.certificatePem),
    ...more,
  });
  const key = (made: TestIdentity, more: Partial<TokenObject> = {}): TokenObject => ({
    kind: "key",
    pem: made.privateKeyPem,
    ...more,
  });
  const pair = (name: string, id: string, more: Partial<TokenObject> = {}): readonly TokenObject[] => {
    const made = issue(name);
    return [certificate(made, { id, objectLabel: name }), key(made, { id, objectLabel: name, ...more })];
  };

  beforeAll(async () => {
    world = await startWorld();
    hsm = setUpSoftHsm(folder.path, softHsmLibrary ?? "");
    // For the process that the provider starts.
    Object.assign(process.env, hsm.environment);
    shim = buildShim(folder.path, hsm);
    server = hsm.add(
      "server",
      PIN,
      ALGORITHMS.flatMap((algorithm) => {
        const made = issue(algorithm, { algorithm });
        const names = { id: NODE_IDS[algorithm], objectLabel: algorithm };
        return [certificate(made, names), key(made, { ...names, publicHalf: algorithm === "P-384" })];
      }),
    );
    const byId = issue("by-id");
    const byLabel = issue("by-label");
    const anyKey = issue("any-key");
    const secret = issue("secret");
    const spaced = issue("spaced");
    const intermediate = makeCertificate({
      subject: "/CN=intermediate",
      extensions: CA_EXTENSIONS,
      issuer: world.authority,
    });
    writeFileSync(path("intermediate.pem"), intermediate.certificatePem);
    const below = issue("below", { issuer: intermediate });
    const old = issue("old", { subject: "/CN=renewed", arguments: ["-days", "30"] });
    const renewed = issue("renewed", { subject: "/CN=renewed" });
    const twin = issue("twin");
    const lonely = issue("lonely");
    const orphan = issue("orphan");
    hsm.add("other token; 100%", PIN, [
      certificate(byId, { id: "10", objectLabel: "by-id" }),
      key(byId, { id: "10", objectLabel: "another name" }),
      certificate(byLabel, { id: "11", objectLabel: "by-label" }),
      key(byLabel, { id: "12", objectLabel: "by-label" }),
      certificate(anyKey, { objectLabel: "any-key" }),
      key(anyKey, {}),
      certificate(secret, { id: "13", objectLabel: "secret", isPrivate: true }),
      key(secret, { id: "13", objectLabel: "secret" }),
      certificate(spaced, { id: "14", objectLabel: "Certificate für Süd; 5%?&" }),
      key(spaced, { id: "14" }),
      ...pair("always", "15", { alwaysAuthenticate: true }),
      certificate(below, { id: "16", objectLabel: "below" }),
      key(below, { id: "16", objectLabel: "below" }),
      certificate(intermediate, { id: "17", objectLabel: "intermediate" }),
      certificate(world.authority, { id: "18", objectLabel: "root" }),
      certificate(old, { id: "19", objectLabel: "renewed" }),
      key(old, { id: "19", objectLabel: "renewed" }),
      certificate(renewed, { id: "1a", objectLabel: "renewed" }),
      key(renewed, { id: "1a", objectLabel: "renewed" }),
      certificate(twin, { id: "1b", objectLabel: "twin" }),
      key(twin, { id: "1b", objectLabel: "twin" }),
      key(twin, { id: "1b", objectLabel: "twin" }),
      certificate(lonely, { id: "1c", objectLabel: "lonely" }),
      key(orphan, { id: "1d", objectLabel: "orphan" }),
      certificate(identity("RSA-2048"), { id: "1e", objectLabel: "elsewhere" }),
    ]);
    writeFileSync(path("pin"), `${PIN}\n`, { mode: 0o600 });
    writeFileSync(
      path("selector.json"),
      JSON.stringify([{ Key: "x509Subject", Value: "CN=P-256,O=Example" }]),
    );
  }, 120_000);
  beforeEach(() => shim.rules({}));
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const session = (): readonly string[] => [
    ...["--trust-anchor-arn", ARNS.trustAnchorArn, "--profile-arn", ARNS.profileArn],
    ...["--role-arn", ARNS.roleArn, "--endpoint", world.url],
  ];
  const lib = (): readonly string[] => ["--pkcs11-lib", hsm.library];
  const run = (
    words: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<CliResult> => runCli(words, { ...hsm.environment, ...environment });
  /** Runs `credential-process`, and gives the serial number of the certificate that the mock granted a session for. */
  const granted = async (
    words: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<string | undefined> => {
    const before = world.granted.length;
    const { stdout, stderr, code } = await run(["credential-process", ...words, ...session()], environment);
    expect({ code, stderr: stderr.replace(/^ra-signer: warning: the PIN stands.*\n/, "") }).toEqual({
      code: 0,
      stderr: "",
    });
    const { accessKeyId } = world.granted.at(-1) ?? {};
    expect(JSON.parse(stdout)).toMatchObject({ Version: 1, AccessKeyId: accessKeyId });
    expect(world.granted).toHaveLength(before + 1);
    return world.lastSerial();
  };
  const withPin = (uri: string): string => `${uri}?pin-source=file:${path("pin")}`;

  describe("credential-process", () => {
    describe.each(ALGORITHMS)("%s", (algorithm) => {
      const uri = `pkcs11:token=server;object=${algorithm}`;
      it.each<readonly [string, () => readonly string[]]>([
        ["certificate and key by one URI", () => ["--certificate", withPin(uri)]],
        ["a URI each", () => ["--certificate", uri, "--private-key", withPin(`${uri};type=private`)]],
        [
          "certificate in a file",
          () => ["--certificate", path(`${algorithm}.pem`), "--private-key", withPin(uri)],
        ],
        ["key in a file", () => ["--certificate", uri, "--private-key", path(`${algorithm}.key`)]],
      ])("%s", async (_title, words) => {
        expect(await granted([...words(), ...lib()])).toBe(serialOf(identity(algorithm)));
      });
    });

    it.each<readonly [string, () => string, Readonly<Record<string, string>>, readonly string[]]>([
      ["pin-value", () => `?pin-value=${PIN}`, {}, []],
      ["pin-value, escaped", () => `?pin-value=%37391%35268`, {}, []],
      ["pin-source=file:PATH", () => `?pin-source=file:${path("pin")}`, {}, []],
      ["pin-source=file://PATH", () => `?pin-source=file://${path("pin")}`, {}, []],
      ["pin-source=PATH", () => `?pin-source=${path("pin")}`, {}, []],
      ["pin-source=env:NAME", () => "?pin-source=env:TOKEN_PIN", { TOKEN_PIN: PIN }, []],
      ["--pkcs8-password-env", () => "", { TOKEN_PIN: PIN }, ["--pkcs8-password-env", "TOKEN_PIN"]],
    ])("takes the PIN from %s", async (_title, query, environment, more) => {
      const words = ["--certificate", `pkcs11:object=P-256${query()}`, ...lib(), ...more];
      expect(await granted(words, environment)).toBe(serialOf(identity("P-256")));
    });

    it.runIf(hasTerminal)("takes the PIN from the terminal, and does not show it", async () => {
      const words = ["credential-process", "--certificate", "pkcs11:object=P-256", ...lib(), ...session()];
      const { screen, code } = await runInTerminal(
        words,
        [["PIN of token", `${PIN}\r`]],
        "",
        hsm.environment,
      );
      expect(screen).toMatch(/PIN of token "server": \s*\{"Version":1/);
      expect(screen).not.toContain(PIN);
      expect(code).toBe(0);
    });

    it.runIf(hasTerminal)("ends with Ctrl-C at the question for the PIN", async () => {
      const words = ["credential-process", "--certificate", "pkcs11:object=P-256", ...lib(), ...session()];
      const { screen, code } = await runInTerminal(
        words,
        [["PIN of token", "73\u0003"]],
        "",
        hsm.environment,
      );
      expect(screen).not.toContain("Version");
      expect(code).toBe(130);
    });

    it.each<readonly [string, string, () => string]>([
      ["its label", "P-256", () => "object=P-256"],
      ["its id", "P-384", () => "id=%03"],
      ["id and label", "P-521", () => "id=%04;object=P-521"],
      ["token and id", "RSA-2048", () => "token=server;id=%01"],
      ["serial number of the token", "P-256", () => `serial=${server.serial};object=P-256`],
      ["slot", "P-256", () => `slot-id=${server.slotId};id=%02`],
      ["model and manufacturer", "P-256", () => "model=SoftHSM%20v2;manufacturer=SoftHSM%20project;id=%02"],
      ["slot's manufacturer", "P-256", () => "slot-manufacturer=SoftHSM%20project;token=server;id=%02"],
      [
        "library",
        "P-256",
        () =>
          "library-manufacturer=SoftHSM;library-description=Implementation%20of%20PKCS11;token=server;id=%02",
      ],
      ["version of the library", "P-256", () => "library-version=2.6;token=server;id=%02"],
      ["its type", "P-256", () => "token=server;type=cert;id=%02"],
      [
        "escaped names",
        "spaced",
        () => "token=other%20token%3B%20100%25;object=Certificate%20f%C3%BCr%20S%C3%BCd%3B%205%25%3F%26",
      ],
      ["the id of its key, which has another label", "by-id", () => "object=by-id"],
      ["the label of its key, which has another id", "by-label", () => "object=by-label"],
      ["nothing that its key has", "any-key", () => "object=any-key"],
      ["a login alone", "secret", () => "token=other%20token%3B%20100%25;object=secret"],
      ["the path upwards on the token", "below", () => "object=below"],
    ])("finds a certificate by %s", async (_title, name, uri) => {
      const words = ["--certificate", withPin(`pkcs11:${uri()}`), ...lib()];
      expect(await granted(words)).toBe(serialOf(identity(name)));
    });

    it("takes the certificate from one token and the key from another", async () => {
      const words = ["--certificate", "pkcs11:object=elsewhere"];
      const more = ["--private-key", withPin("pkcs11:token=server;object=RSA-2048"), ...lib()];
      expect(await granted([...words, ...more])).toBe(serialOf(identity("RSA-2048")));
    });

    it("signs with CKM_RSA_PKCS on a token that hashes nothing", async () => {
      shim.rules({ mechanisms: "0x1" });
      const words = ["--certificate", withPin("pkcs11:object=RSA-2048"), "--pkcs11-lib", shim.library];
      expect(await granted(words, shim.environment)).toBe(serialOf(identity("RSA-2048")));
    });

    it("sends intermediates of the token, and not the root", async () => {
      const { intermediates } = await loadTokenIdentity({
        certificate: withPin("pkcs11:object=below"),
        pkcs11: { library: hsm.library },
      });
      expect(intermediates.map((der) => new X509Certificate(der).subject)).toEqual(["CN=intermediate"]);
    });

    it.each<readonly [string, string, () => readonly string[]]>([
      [
        "module-path in the URI",
        "P-256",
        () => ["--certificate", `${withPin("pkcs11:object=P-256")}&module-path=${hsm.library}`],
      ],
      [
        "--intermediates",
        "below",
        () => [
          "--certificate",
          path("below.pem"),
          "--private-key",
          withPin("pkcs11:token=other%20token%3B%20100%25;object=below"),
          "--intermediates",
          path("intermediate.pem"),
          ...lib(),
        ],
      ],
      [
        "--cert-selector with a subject",
        "P-256",
        () => [...selector("Key=x509Subject,Value=CN=P-256,O=Example"), ...lib()],
      ],
      [
        "--cert-selector with subject and issuer",
        "P-384",
        () => [
          ...selector("Key=x509Issuer,Value=CN=Test CA Key=x509Subject,Value=CN=P-384,O=Example"),
          ...lib(),
        ],
      ],
      [
        "--cert-selector with a serial number",
        "P-521",
        () => [...selector(`Key=x509Serial,Value=${hexSerialOf(identity("P-521"))}`), ...lib()],
      ],
      [
        "--cert-selector with a file",
        "P-256",
        () => [...selector(`file://${path("selector.json")}`), ...lib()],
      ],
      [
        "--use-latest-expiring-certificate",
        "renewed",
        () => [
          "--certificate",
          withPin("pkcs11:object=renewed"),
          "--use-latest-expiring-certificate",
          ...lib(),
        ],
      ],
      [
        "--reuse-pin",
        "always",
        () => ["--certificate", withPin("pkcs11:object=always"), "--reuse-pin", ...lib()],
      ],
    ])("takes %s", async (_title, name, words) => {
      expect(await granted(words(), { TOKEN_PIN: PIN })).toBe(serialOf(identity(name)));
    });

    function selector(text: string): readonly string[] {
      return ["--cert-selector", text, "--pkcs8-password-env", "TOKEN_PIN"];
    }

    it("keeps a session with --cache, and asks the token once", async () => {
      const words = [
        "credential-process",
        "--certificate",
        withPin("pkcs11:object=P-256"),
        "--pkcs11-lib",
        shim.library,
      ];
      const environment = { ...shim.environment, RA_SIGNER_CACHE_DIR: path("cache") };
      const [first, second] = [
        await run([...words, ...session(), "--cache"], environment),
        await run([...words, ...session(), "--cache"], environment),
      ];
      expect(second).toEqual({ code: 0, stderr: "", stdout: first.stdout });
      expect(shim.calls("C_Sign")).toBe(1);
    });

    it("warns of a PIN that others may read", async () => {
      writeFileSync(path("open-pin"), PIN);
      chmodSync(path("open-pin"), 0o644);
      const uri = `pkcs11:object=P-256?pin-source=file:${path("open-pin")}`;
      const { code, stderr } = await run([
        "credential-process",
        "--certificate",
        uri,
        ...lib(),
        ...session(),
      ]);
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: expect.stringMatching(
          /^ra-signer: warning: the file of the PIN, ".*open-pin", has mode 0644; .*chmod 600.*\n$/,
        ),
      });
    });
  });

  describe.each(ALGORITHMS)("with %s", (algorithm) => {
    const uri = (): string => withPin(`pkcs11:token=server;object=${algorithm}`);

    it.each(["SHA256", "SHA384", "SHA512"])("sign-string signs with %s", async (digest) => {
      const { stdout, stderr, code } = await run([
        ...["sign-string", "--certificate", uri(), "--digest", digest, "--format", "text", ...lib()],
      ]);
      expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
      const { publicKey } = new X509Certificate(identity(algorithm).certificatePem);
      const { x = "", y = "" } = publicKey.export({ format: "jwk" });
      const bytes =
        publicKey.asymmetricKeyType === "rsa"
          ? publicKey.export({ type: "pkcs1", format: "der" })
          : Buffer.concat([Buffer.of(4), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
      const hash = createHash("sha256").update("IAM RA").update(bytes).digest();
      const text = Buffer.concat([Buffer.from("AWS Roles Anywhere Credential Helper Signing Test1"), hash]);
      expect(verify(digest, text, publicKey, Buffer.from(stdout, "hex"))).toBe(true);
    });

    it("read-certificate-data lists the certificate", async () => {
      const { stdout, code } = await run([
        "read-certificate-data",
        "--certificate",
        `pkcs11:object=${algorithm}`,
        ...lib(),
      ]);
      const fingerprint = createHash("sha1").update(
        Buffer.from(derOf(identity(algorithm).certificatePem), "base64"),
      );
      expect({ stdout, code }).toEqual({
        code: 0,
        stdout:
          `Matching identities\n1) ${fingerprint.digest("hex")} "CN=${algorithm},O=Example"\n` +
          `\tURI: pkcs11:model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=${server.serial};token=server;id=%${NODE_IDS[algorithm]};object=${algorithm};type=cert\n`,
      });
    });

    it("update writes a session", async () => {
      const file = path(`credentials-${algorithm}`);
      const words = ["update", "--once", "--certificate", uri(), ...lib(), ...session()];
      expect(await run(words, { AWS_SHARED_CREDENTIALS_FILE: file })).toEqual({
        code: 0,
        stdout: "",
        stderr: "",
      });
      expect(readFileSync(file, "utf8")).toContain(
        `aws_access_key_id = ${world.granted.at(-1)?.accessKeyId}`,
      );
    });

    it("serve serves a session", async () => {
      await using served = await startServeProcess(
        ["--certificate", uri(), ...lib(), ...session()],
        hsm.environment,
        path,
      );
      expect(await served.credentials()).toMatchObject({ AccessKeyId: world.granted.at(-1)?.accessKeyId });
    });

    it.each<readonly [string, () => Partial<RolesAnywhereInit> & Pick<RolesAnywhereInit, "certificate">]>([
      ["one URI", () => ({ certificate: uri() })],
      [
        "a PIN as passphrase",
        () => ({ certificate: `pkcs11:token=server;object=${algorithm}`, passphrase: PIN }),
      ],
      [
        "a certificate in memory",
        () => ({ certificate: identity(algorithm).certificatePem, privateKey: uri() }),
      ],
    ])("the provider gives credentials with %s", async (_title, where) => {
      const provider = fromRolesAnywhere({ ...where(), ...init() });
      await provider.check();
      expect(await provider()).toMatchObject({ accessKeyId: world.granted.at(-1)?.accessKeyId });
    });
  });

  const init = (): Omit<RolesAnywhereInit, "certificate"> => ({
    trustAnchorArn: ARNS.trustAnchorArn,
    profileArn: ARNS.profileArn,
    roleArn: ARNS.roleArn,
    endpoint: world.url,
    environment: {},
    pkcs11: { library: hsm.library },
  });

  it("the provider selects a certificate by its name, and the one that ends last", async () => {
    const selected = fromRolesAnywhere({
      ...init(),
      certificate: withPin("pkcs11:"),
      pkcs11: { library: hsm.library, selector: { x509Subject: "CN=renewed" }, latest: true },
    });
    expect(await selected()).toMatchObject({ accessKeyId: world.granted.at(-1)?.accessKeyId });
    expect(world.lastSerial()).toBe(serialOf(identity("renewed")));
  });

  it("gives createSession an identity, and a sign function of its own", async () => {
    const loaded = await loadTokenIdentity({
      certificate: withPin("pkcs11:object=P-256"),
      pkcs11: { library: hsm.library },
    });
    const credentials = await createSession({ ...init(), ...loaded });
    expect(credentials.accessKeyId).toBe(world.granted.at(-1)?.accessKeyId);
    const message = Buffer.from("a message");
    const signature = await loaded.signer.sign(message);
    expect(loaded.signer.algorithm).toBe("AWS4-X509-ECDSA-SHA256");
    expect(verify("sha256", message, loaded.certificate.x509.publicKey, signature)).toBe(true);
  });

  describe("configure", () => {
    it("writes a profile whose credential process uses the token", async () => {
      const config = path("config");
      const words = [
        ...["configure", "--profile", "web", "--config-file", config],
        ...["--certificate", withPin("pkcs11:object=always"), "--reuse-pin", ...lib(), ...session()],
      ];
      expect(await run(words)).toMatchObject({ code: 0, stdout: "" });
      const provider = fromIni({
        profile: "web",
        configFilepath: config,
        filepath: path("none"),
        ignoreCache: true,
      });
      expect((await provider()).accessKeyId).toBe(world.granted.at(-1)?.accessKeyId);
      expect(world.lastSerial()).toBe(serialOf(identity("always")));
    });

    it("writes no PIN", async () => {
      const config = path("config-with-pin");
      const words = [
        ...["configure", "--profile", "web", "--config-file", config],
        ...["--certificate", `pkcs11:object=P-256?pin-value=${PIN}`, ...lib(), ...session()],
      ];
      const { code, stderr } = await run(words);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringContaining("a PIN is not written into a profile; use pin-source=file:PATH"),
      });
      expect(existsSync(config)).toBe(false);
    });
  });

  describe("doctor", () => {
    const examine = async (
      words: readonly string[],
      environment: Readonly<Record<string, string>> = {},
    ): Promise<{
      readonly code: number | null;
      readonly findings: readonly string[];
      readonly text: string;
    }> => {
      const { stdout, code } = await run(["doctor", "--offline", ...words, ...session()], environment);
      const findings = stdout
        .split("\n")
        .map((line) => line.slice(0, 27).trimEnd())
        .filter((line) => line !== "");
      return { code, findings, text: stdout };
    };

    it("finds library, tokens, PIN, mechanisms, certificate, key and a trial signature in order", async () => {
      const words = ["--certificate", withPin("pkcs11:token=server;object=P-256"), ...lib()];
      const { code, findings, text } = await examine(words);
      expect(findings.filter((line) => !line.startsWith("ok"))).toEqual([]);
      expect(findings).toEqual(
        expect.arrayContaining(
          ["PKCS#11 library", "token", "mechanisms", "PIN tries", "certificate", "trial signature"].map(
            (check) => `ok    ${check}`,
          ),
        ),
      );
      expect(text).toMatch(
        /token "server" in slot \d+: SoftHSM v2 of SoftHSM project, serial number [0-9a-f]+/,
      );
      expect(text).toMatch(/token "server": .*CKM_SHA256_RSA_PKCS.*CKM_ECDSA/);
      expect(code).toBe(0);
    });

    const uri = "pkcs11:token=server;object=P-256";
    it.each<
      readonly [string, () => readonly string[], Readonly<Record<string, string>>, readonly string[], RegExp]
    >([
      [
        "a locked PIN",
        () => [withPin(uri)],
        { flags: "0x40000" },
        ["warn  PIN tries", "warn  PIN tries", "fail  login"],
        /none left, the PIN is locked/,
      ],
      [
        "the last try",
        () => [withPin(uri)],
        { flags: "0x20000" },
        ["warn  PIN tries", "warn  PIN tries", "fail  login"],
        /one left, which is not used up here/,
      ],
      [
        "fewer tries",
        () => [withPin(uri)],
        { flags: "0x10000" },
        ["warn  PIN tries", "warn  PIN tries"],
        /a wrong PIN was given before/,
      ],
      ["no PIN", () => [uri], {}, ["fail  login"], /needs a PIN, and none is given/],
      ["no such token", () => [withPin("pkcs11:token=none")], {}, ["fail  token"], /no token fits/],
      [
        "no such certificate",
        () => [withPin("pkcs11:object=none")],
        {},
        ["fail  certificate"],
        /no matching certificates/,
      ],
      ["two keys", () => [withPin("pkcs11:object=twin")], {}, ["fail  private key"], /2 private keys/],
      [
        "no key",
        () => [withPin("pkcs11:object=lonely")],
        {},
        ["fail  key pair"],
        /belongs to the certificate/,
      ],
      [
        "a token that cannot sign",
        () => [withPin(uri)],
        { mechanisms: "0x1" },
        ["fail  private key"],
        /knows neither/,
      ],
      [
        "a token that fails",
        () => [withPin(uri)],
        { C_Sign: "0x30" },
        ["fail  private key"],
        /CKR_DEVICE_ERROR/,
      ],
      ["a wrong URI", () => ["pkcs11:nope=1"], {}, ["fail  PKCS#11 library"], /no attribute "nope"/],
    ])("finds %s", async (_title, certificateUri, rules, expected, message) => {
      shim.rules(rules);
      const words = ["--certificate", ...certificateUri(), "--pkcs11-lib", shim.library];
      const { code, findings, text } = await examine(words, shim.environment);
      expect(findings.filter((line) => !line.startsWith("ok"))).toEqual(expected);
      expect(text).toMatch(message);
      expect(code).toBe(expected.some((line) => line.startsWith("fail")) ? 1 : 0);
    });

    it("finds a wrong PIN", async () => {
      shim.rules({ C_Login: "0xa0" });
      const words = ["--certificate", withPin(uri), "--pkcs11-lib", shim.library];
      const { findings, text } = await examine(words, shim.environment);
      expect(findings.filter((line) => !line.startsWith("ok"))).toEqual(["fail  login"]);
      expect(text).toMatch(/refuses the PIN \(CKR_PIN_INCORRECT\).* -> correct the PIN's source/);
      expect(shim.calls("C_Login")).toBe(1);
    });

    it("finds a library that is none", async () => {
      const { findings, text } = await examine(["--certificate", uri, "--pkcs11-lib", path("P-256.pem")]);
      expect(findings.filter((line) => !line.startsWith("ok"))).toEqual(["fail  PKCS#11 library"]);
      expect(text).toContain("-> npm install pkcs11js, and give the library of the token with --pkcs11-lib");
    });
  });

  describe("refuses", () => {
    const uri = "pkcs11:token=server;object=P-256";
    it.each<readonly [string, () => readonly string[], Readonly<Record<string, string>>, RegExp]>([
      [
        "a wrong PIN",
        () => ["--certificate", `${uri}?pin-value=73915269`],
        {},
        /token "server" refuses the PIN \(CKR_PIN_INCORRECT\)/,
      ],
      ["a PIN of the wrong length", () => ["--certificate", `${uri}?pin-value=7`], {}, /refuses the PIN/],
      [
        "no PIN",
        () => ["--certificate", uri],
        {},
        /token "server" needs a PIN, and none is given; add \?pin-source=/,
      ],
      [
        "a PIN on the command line",
        () => ["--certificate", uri, "--pkcs8-password", PIN],
        {},
        /--pkcs8-password: a PIN on the command line/,
      ],
      [
        "a PIN in the cache's key",
        () => ["--certificate", `${uri}?pin-value=${PIN}`, "--cache"],
        {},
        /--cache keeps the command line/,
      ],
      [
        "a file of the PIN that is missing",
        () => ["--certificate", `${uri}?pin-source=file:/nowhere`],
        {},
        /pin-source "file:\/nowhere" cannot be read: ENOENT/,
      ],
      [
        "a variable of the PIN that is not set",
        () => ["--certificate", `${uri}?pin-source=env:NOWHERE`],
        {},
        /pin-source "env:NOWHERE" is not set/,
      ],
      [
        "a program that says the PIN",
        () => ["--certificate", `${uri}?pin-source=%7Ccat`],
        {},
        /names a program, and none is run/,
      ],
      [
        "a locked PIN",
        () => ["--certificate", withPin(uri)],
        { flags: "0x40000" },
        /the PIN of token "server" is locked; unlock it/,
      ],
      [
        "a PIN that becomes locked",
        () => ["--certificate", withPin(uri)],
        { C_Login: "0xa4" },
        /the PIN of token "server" is locked/,
      ],
      [
        "the last try",
        () => ["--certificate", withPin(uri)],
        { flags: "0x20000" },
        /takes one more PIN before it locks itself, so none is tried/,
      ],
      [
        "an expired PIN",
        () => ["--certificate", withPin(uri)],
        { C_Login: "0xa3" },
        /the PIN of token "server" has expired/,
      ],
      [
        "no token of that name",
        () => ["--certificate", withPin("pkcs11:token=none;object=P-256")],
        {},
        /no token fits "pkcs11:token=none;object=P-256"; there are pkcs11:token=/,
      ],
      [
        "two certificates",
        () => ["--certificate", withPin("pkcs11:object=renewed")],
        {},
        /multiple matching certificates: 2 fit "pkcs11:object=renewed".*id=%19.*id=%1A/,
      ],
      [
        "two keys",
        () => ["--certificate", withPin("pkcs11:object=twin")],
        {},
        /2 private keys on token "other token; 100%" fit .* add id= or object=/,
      ],
      [
        "two tokens",
        () => ["--certificate", path("P-256.pem"), "--private-key", withPin("pkcs11:")],
        {},
        /2 tokens fit "pkcs11:".*add token= or serial=/,
      ],
      [
        "a certificate without key",
        () => ["--certificate", withPin("pkcs11:object=lonely")],
        {},
        /belongs to the certificate/,
      ],
      [
        "a key without certificate",
        () => ["--certificate", withPin("pkcs11:object=orphan")],
        {},
        /no matching certificates: "pkcs11:object=orphan" fits none/,
      ],
      [
        "another certificate's key",
        () => [
          "--certificate",
          path("P-256.pem"),
          "--private-key",
          withPin("pkcs11:token=server;object=P-384"),
        ],
        {},
        /none of the private keys on token "server".*belongs to the certificate/,
      ],
      [
        "another RSA key",
        () => [
          "--certificate",
          path("P-256.pem"),
          "--private-key",
          withPin("pkcs11:token=server;object=RSA-2048"),
        ],
        {},
        /belongs to the certificate/,
      ],
      [
        "a key in a file of another certificate",
        () => ["--certificate", uri, "--private-key", path("P-384.key")],
        {},
        /the private key does not belong to certificate/,
      ],
      [
        "a key that wants its PIN each time",
        () => ["--certificate", withPin("pkcs11:object=always")],
        {},
        /key "always" wants its PIN for each signature; give --reuse-pin/,
      ],
      [
        "--no-tpm-key-password for a token with a PIN",
        () => ["--certificate", withPin(uri), "--no-tpm-key-password"],
        {},
        /no private key on token "server" fits .*nobody is logged in/,
      ],
      [
        "no session left",
        () => ["--certificate", withPin(uri)],
        { C_OpenSession: "0xb1" },
        /opening a session on token "server" failed: the token has no session left \(CKR_SESSION_COUNT\)/,
      ],
      [
        "a key that must not sign",
        () => ["--certificate", withPin(uri)],
        { C_SignInit: "0x68" },
        /the key must not sign \(CKR_KEY_FUNCTION_NOT_PERMITTED\)/,
      ],
      [
        "a device that fails",
        () => ["--certificate", withPin(uri)],
        { C_Sign: "0x30" },
        /the device reports an error \(CKR_DEVICE_ERROR\); put the token back/,
      ],
      [
        "a code of the vendor",
        () => ["--certificate", withPin(uri)],
        { C_Sign: "0x80000001" },
        /the PKCS#11 call for "sign" failed: .*0x80000001/,
      ],
      [
        "a token without mechanism",
        () => ["--certificate", withPin(uri)],
        { mechanisms: "0x1" },
        /the token knows neither CKM_ECDSA nor CKM_ECDSA_SHA256/,
      ],
      [
        "a library that crashes",
        () => ["--certificate", withPin(uri)],
        { crash: "C_Sign" },
        /the process of the PKCS#11 library ended \(SIGABRT\)/,
      ],
      [
        "a URI with an unknown attribute",
        () => ["--certificate", `pkcs11:lable=x?pin-value=${PIN}`],
        {},
        /the URI "pkcs11:lable=x": it has no attribute "lable"; there are id,/,
      ],
      [
        "a URI with an attribute twice",
        () => ["--certificate", "pkcs11:id=%01;id=%02"],
        {},
        /it has "id" twice/,
      ],
      [
        "a URI with a broken escape",
        () => ["--certificate", "pkcs11:id=%0"],
        {},
        /has a % without two hexadecimal digits/,
      ],
    ])("%s", async (_title, words, rules, message) => {
      shim.rules(rules);
      const before = world.granted.length;
      const { code, stdout, stderr } = await run(
        ["credential-process", ...words(), "--pkcs11-lib", shim.library, ...session()],
        { ...shim.environment, RA_SIGNER_CACHE_DIR: path("cache") },
      );
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      const lines = stderr
        .split("\n")
        .filter((line) => line !== "" && !line.includes("warning: the PIN stands"));
      expect(lines).toEqual([expect.stringMatching(message)]);
      expect(stderr).not.toMatch(/7391526/);
      expect(world.granted).toHaveLength(before);
    });

    it.each<readonly [string, () => string, RegExp]>([
      [
        "a library that is none",
        () => path("P-256.pem"),
        /the PKCS#11 library ".*P-256\.pem" cannot be used: .*ELF/,
      ],
      [
        "a library that is missing",
        () => "/nowhere.so",
        /the PKCS#11 library "\/nowhere\.so" does not exist/,
      ],
      [
        "a library that no linker finds",
        () => "nowhere.so",
        /the PKCS#11 library "nowhere\.so" is not found/,
      ],
    ])("%s", async (_title, library, message) => {
      const words = [
        "credential-process",
        "--certificate",
        withPin(uri),
        "--pkcs11-lib",
        library(),
        ...session(),
      ];
      expect(await run(words)).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
    });

    it("nothing of a library whose configuration is missing but says so", async () => {
      const words = ["credential-process", "--certificate", withPin(uri), ...lib(), ...session()];
      const result = await runCli(words, { SOFTHSM2_CONF: "/nowhere.conf" });
      expect(result).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/did not start: .*SOFTHSM2_CONF|no token fits/),
      });
    });

    it("tries a wrong PIN once", async () => {
      const words = [
        "--certificate",
        `${uri}?pin-value=73915269`,
        "--pkcs11-lib",
        shim.library,
        ...session(),
      ];
      await run(["credential-process", ...words], shim.environment);
      expect(shim.calls("C_Login")).toBe(1);
      // Logs in once, so that the token does not count the try any more.
      await run(["sign-string", "--certificate", withPin(uri), ...lib()]);
    });

    it("no slot that is write-protected: it only reads", async () => {
      shim.rules({ rw: "0xe2", flags: "0x2" });
      const words = ["--certificate", withPin(uri), "--pkcs11-lib", shim.library];
      expect(await granted(words, shim.environment)).toBe(serialOf(identity("P-256")));
    });
  });
});

function serialOf({ certificatePem }: TestIdentity): string {
  return BigInt(`0x${hexSerialOf({ certificatePem })}`).toString();
}

function hexSerialOf({ certificatePem }: Pick<TestIdentity, "certificatePem">): string {
  return new X509Certificate(certificatePem).serialNumber;
}
